/* The limit of the kernel: a server that moves the bytes of a load, and nothing else. It takes any
 * handshake without a look at it, and answers every event with the bytes that it was started with,
 * from a file.
 *
 *     yardstick KIND FILE      prints its port
 *
 * KIND       what it does with an event
 *   echo       answers it, whether it came over WebSocket or by a POST
 *   broadcast  answers it to all
 *   room       the same, but for the first event of each client, by which it enters
 *   http       answers every request with the file, which is a whole HTTP response
 */

#include "wire.h"

enum Kind { ECHO, BROADCAST, ROOM, HTTP };
static const char *const KINDS[] = {"echo", "broadcast", "room", "http"};

typedef struct {
    int fd, place, session; /* the one that it has polled for, -1 before */
    bool open, entered, writing;
    Buffer in, out;
} Client;

typedef struct { /* of a client that polls */
    Client *waiting; /* with its GET */
    const char *text; /* what the next GET gets */
    size_t length;
} Session;

static enum Kind kind;
static int epoll;
static Client **clients;
static int count, room;
static Session *sessions;
static int opened, room_of_sessions;
static Buffer answer;
static const char OPEN[] =
    "0{\"sid\":\"%020d\",\"upgrades\":[],\"pingInterval\":250000,\"pingTimeout\":200000,"
    "\"maxPayload\":1000000}";
static const char JOINED[] = "40{\"sid\":\"yardstick\"}";

static void leave(Client *c) {
    clients[c->place] = clients[--count];
    clients[c->place]->place = c->place;
    if (c->session >= 0 && sessions[c->session].waiting == c) sessions[c->session].waiting = NULL;
    close(c->fd);
    free(c->in.data);
    free(c->out.data);
    free(c);
}

static void enter(int fd) {
    Client *c = calloc(1, sizeof *c);
    c->fd = fd;
    c->session = -1;
    set_options(fd);
    if (count == room) clients = realloc(clients, (size_t)(room += 1024) * sizeof *clients);
    c->place = count;
    clients[count++] = c;
    watch(epoll, fd, EPOLLIN, EPOLL_CTL_ADD, c);
}

static void say(Client *c, const void *data, size_t length) {
    if (!length_of(&c->out)) {
        ssize_t sent = send(c->fd, data, length, MSG_NOSIGNAL);
        if (sent == (ssize_t)length) return;
        if (sent > 0) data = (const char *)data + sent, length -= (size_t)sent;
    }
    append(&c->out, data, length);
    if (!c->writing) watch(epoll, c->fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD, c);
    c->writing = true;
}

static void say_text(Client *c, const char *text) {
    unsigned char frame[256];
    size_t length = strlen(text), n = put_header(frame, 0x81, length, false);
    memcpy(frame + n, text, length);
    say(c, frame, n + length);
}

static void respond(Client *c, const char *body, size_t length) {
    char response[1024];
    int n = snprintf(response, sizeof response,
                     "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
                     "Content-Length: %zu\r\nCache-Control: no-store\r\n"
                     "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n", length);
    memcpy(response + n, body, length);
    say(c, response, (size_t)n + length);
}

static void upgrade(Client *c, const char *target) {
    const char *accepted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\n\r\n";
    char open[256];
    snprintf(open, sizeof open, OPEN, 0);
    c->open = true;
    say(c, accepted, strlen(accepted));
    if (!memcmp(target, "/socket.io/1/", 13)) return say_text(c, "1::");
    if (strstr(target, "sid=")) return;
    say_text(c, open);
    if (strstr(target, "EIO=3")) say_text(c, "40");
}

static void open_session(Client *c, const char *target) {
    char body[256];
    if (opened == room_of_sessions)
        sessions = realloc(sessions, (size_t)(room_of_sessions += 1024) * sizeof *sessions);
    sessions[opened] = (Session){0};
    bool old = !memcmp(target, "/socket.io/1/", 13);
    int n = snprintf(body, sizeof body, old ? "%020d:25:20:websocket" : OPEN, opened++);
    respond(c, body, (size_t)n);
}

/* Give the client of a session its text: now, or with its next GET. */
static void tell(Session *s, const char *text, size_t length) {
    if (!s->waiting) {
        s->text = text, s->length = length;
        return;
    }
    respond(s->waiting, text, length);
    s->waiting = NULL;
}

static void poll_or_post(Client *c, const char *head, const char *sid, size_t length) {
    int number = atoi(sid + 4);
    if (number >= opened) die("a session that was not opened");
    Session *s = &sessions[number];
    if (!memcmp(head, "POST", 4)) {
        respond(c, "ok", 2);
        if (length == 2) tell(s, JOINED, strlen(JOINED));
        else tell(s, unread(&answer), length_of(&answer));
    } else if (s->text) {
        respond(c, s->text, s->length);
        s->text = NULL;
    } else {
        s->waiting = c;
        c->session = number;
    }
}

/* Take a whole request; false while it is not there. */
static bool take_request(Client *c) {
    size_t head = head_length(&c->in);
    if (!head) return false;
    char *p = unread(&c->in);
    p[head - 1] = 0;
    char *field = strcasestr(p, "\r\ncontent-length:"), *line = strstr(p, "\r\n");
    size_t length = field ? strtoul(field + 17, NULL, 10) : 0;
    bool upgrades = strcasestr(p, "\r\nupgrade: websocket");
    p[head - 1] = '\n';
    if (length_of(&c->in) < head + length) return false;
    c->in.start += head + length;
    *line = 0; /* what is left is the method and the target */
    char *target = strchr(p, ' ') + 1, *sid = strstr(target, "sid=");
    if (kind == HTTP) say(c, unread(&answer), length_of(&answer));
    else if (upgrades) upgrade(c, target);
    else if (sid) poll_or_post(c, p, sid, length);
    else open_session(c, target);
    return true;
}

static void event(Client *c) {
    if (kind == ROOM && !c->entered) {
        c->entered = true;
        return say_text(c, "430[]");
    }
    if (kind == ECHO) return say(c, unread(&answer), length_of(&answer));
    for (int i = 0; i < count; i++) say(clients[i], unread(&answer), length_of(&answer));
}

static void take_frames(Client *c) {
    Frame frame;
    while (peek_frame(&c->in, &frame)) {
        c->in.start += frame.whole;
        if (frame.opcode != 1) continue; /* an attachment: its event was answered */
        if (frame.length == 1) continue; /* the end of an upgrade */
        if (frame.length == 2) say_text(c, JOINED);
        else if (frame.length == 6) say_text(c, "3probe");
        else event(c);
    }
}

static int listening(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) die("listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void ready(Client *c, uint32_t events) {
    if (events & EPOLLOUT) {
        flush(c->fd, &c->out);
        if (!length_of(&c->out) && c->writing) {
            watch(epoll, c->fd, EPOLLIN, EPOLL_CTL_MOD, c);
            c->writing = false;
        }
    }
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    if (!fill(c->fd, &c->in)) return leave(c);
    while (!c->open && take_request(c)) {}
    if (c->open) take_frames(c);
}

int main(int argc, char **argv) {
    if (argc != 3) die("yardstick KIND FILE");
    while (kind <= HTTP && strcmp(KINDS[kind], argv[1])) kind++;
    if (kind > HTTP) die(argv[1]);
    read_file(&answer, argv[2]);
    allow_files();
    int listener = listening();
    epoll = epoll_create1(0);
    watch(epoll, listener, EPOLLIN, EPOLL_CTL_ADD, NULL);
    struct epoll_event events[512];
    for (;;) {
        int n = epoll_wait(epoll, events, 512, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr) {
                ready(events[i].data.ptr, events[i].events);
                continue;
            }
            int fd = accept(listener, NULL, NULL);
            if (fd >= 0) enter(fd);
        }
    }
}
