/* The limit of the kernel: a server that moves the bytes of an echo or of a broadcast, and nothing
 * else. It takes any upgrade without a look at its key, and answers every message with the one that
 * it was started with, from a file.
 *
 *     yardstick echo|broadcast FILE      prints its port
 */

#include "wire.h"

typedef struct {
    int fd, place;
    bool open;
    Buffer in, out;
} Client;

static int epoll;
static Client **clients;
static int count, room;
static Buffer answer;
static const char OPEN[] =
    "0{\"sid\":\"yardstick\",\"upgrades\":[],\"pingInterval\":250000,\"pingTimeout\":200000,"
    "\"maxPayload\":1000000}";
static const char JOINED[] = "40{\"sid\":\"yardstick\"}";

static void leave(Client *c) {
    clients[c->place] = clients[--count];
    clients[c->place]->place = c->place;
    close(c->fd);
    free(c->in.data);
    free(c->out.data);
    free(c);
}

static void enter(int fd) {
    Client *c = calloc(1, sizeof *c);
    c->fd = fd;
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
    watch(epoll, c->fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD, c);
}

static void say_text(Client *c, const char *text) {
    unsigned char frame[256];
    size_t length = strlen(text), n = put_header(frame, 0x81, length, false);
    memcpy(frame + n, text, length);
    say(c, frame, n + length);
}

static void upgrade(Client *c) {
    size_t head = head_length(&c->in);
    if (!head) return;
    c->in.start += head;
    c->open = true;
    const char *accepted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\n\r\n";
    say(c, accepted, strlen(accepted));
    say_text(c, OPEN);
}

static void take(Client *c, bool to_all) {
    Frame frame;
    while (peek_frame(&c->in, &frame)) {
        c->in.start += frame.whole;
        if (frame.length == 2) {
            say_text(c, JOINED);
        } else if (frame.opcode == 1 || frame.opcode == 2) {
            if (frame.opcode == 2 && !to_all) continue; /* an attachment: its event was answered */
            for (int i = 0; to_all && i < count; i++) say(clients[i], unread(&answer), length_of(&answer));
            if (!to_all) say(c, unread(&answer), length_of(&answer));
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 3) die("yardstick echo|broadcast FILE");
    bool to_all = !strcmp(argv[1], "broadcast");
    read_file(&answer, argv[2]);
    allow_files();
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) die("listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    epoll = epoll_create1(0);
    watch(epoll, listener, EPOLLIN, EPOLL_CTL_ADD, NULL);
    struct epoll_event events[512];
    for (;;) {
        int n = epoll_wait(epoll, events, 512, -1);
        for (int i = 0; i < n; i++) {
            Client *c = events[i].data.ptr;
            if (!c) {
                int fd = accept(listener, NULL, NULL);
                if (fd >= 0) enter(fd);
                continue;
            }
            if (events[i].events & EPOLLOUT) {
                flush(c->fd, &c->out);
                if (!length_of(&c->out)) watch(epoll, c->fd, EPOLLIN, EPOLL_CTL_MOD, c);
            }
            if (!(events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) continue;
            if (!fill(c->fd, &c->in)) {
                leave(c);
                continue;
            }
            if (!c->open) upgrade(c);
            if (c->open) take(c, to_all);
        }
    }
}
