/* The load: many clients in one thread, which sends bytes that were made beforehand and only counts
 * what comes back, so that it is never what is measured.
 *
 *     load KIND PORT [name=value ...]       prints one line of JSON
 *
 * KIND       what one client does
 *   echo       sends `message`, waits for `answers` messages, and again (`depth` at a time); with
 *              `rate` all clients together send so many per second, whether answers came or not
 *   broadcast  one client sends `message`, all of them count; the next when all have the last;
 *              a latency is from the sending to one of the deliveries
 *   connect    connects, joins the root namespace, leaves, and again
 *   upgrade    the same over polling, goes on over WebSocket, has `message` answered, and again
 *   polling    as echo, over HTTP: a GET that waits and a POST
 *   http       GET `target`, and again
 *   idle       joins, answers pings, stays until this process is told to end
 *
 * Engine.IO's open packet and the join of the root namespace are part of connecting, unless `plain`.
 */

#include "wire.h"

enum Kind { ECHO, BROADCAST, CONNECT, UPGRADE, POLLING, HTTP, IDLE };
enum Step { CONNECTING, SHAKING, UPGRADING, JOINING, ENTERING, READY, STARTING, POSTING, PROBING };
static const char *const KINDS[] = {"echo", "broadcast", "connect", "upgrade",
                                    "polling", "http", "idle"};

typedef struct Client {
    int fd;
    enum Step step;
    int generation; /* 4, 3, or 9 for 0.9 */
    Buffer in, out;
    char sid[64];
    int pending, left; /* questions out; messages still to come for the oldest */
    uint64_t *asked;   /* when each was due, a ring */
    unsigned head, tail;
    bool writing, posted, got;
    struct Client *twin; /* polling: the connection for POST; upgrade: the WebSocket; and back */
} Client;

static struct {
    enum Kind kind;
    int port, clients, depth, answers, generation;
    double seconds, warmup, rate;
    bool plain, join, deflate;
    Buffer first, message, body;
    const char *target, *query, *needle, *type;
} o = {.clients = 100, .depth = 1, .answers = 1, .generation = 4, .seconds = 3, .warmup = 1,
       .join = true, .target = "/", .query = "EIO=4&transport=polling", .needle = "430[",
       .type = "text/plain;charset=UTF-8"};

enum { RING = 4096, SAMPLES = 1 << 22 };
static int epoll, ready;
static uint64_t counted, failed, sent, received, shouted;
static bool measuring;
static Client **all;
static uint32_t *samples;
static size_t sampled;

static void say(Client *c, const void *data, size_t length) {
    if (!length_of(&c->out)) {
        ssize_t n = send(c->fd, data, length, MSG_NOSIGNAL);
        if (n == (ssize_t)length) return;
        if (n > 0) data = (const char *)data + n, length -= (size_t)n;
    }
    append(&c->out, data, length);
    if (!c->writing) watch(epoll, c->fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD, c);
    c->writing = true;
}

static void say_text(Client *c, const char *text) {
    unsigned char frame[128];
    size_t length = strlen(text), n = put_header(frame, 0x81, length, true);
    memset(frame + n, 0, 4); /* a mask of zeros */
    memcpy(frame + n + 4, text, length);
    say(c, frame, n + 4 + length);
}

static void begin(Client *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0) die("socket");
    set_options(c->fd);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        die("connect");
    c->step = CONNECTING;
    c->writing = true;
    watch(epoll, c->fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD, c);
}

static void again(Client *c) {
    struct linger at_once = {1, 0}; /* else the ports run out */
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(c->fd);
    c->in.start = c->in.end = c->out.start = c->out.end = 0;
    begin(c);
}

static void request(Client *c, const char *method, const char *target, const char *more,
                    const char *body, size_t length) {
    char head[2048];
    int n = snprintf(head, sizeof head,
                     "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: load\r\nAccept: */*\r\n"
                     "Sec-Fetch-Site: same-origin\r\n%s\r\n",
                     method, target, o.port, more);
    say(c, head, (size_t)n);
    if (length) say(c, body, length);
}

static void upgrade(Client *c) {
    char target[256];
    if (o.plain) snprintf(target, sizeof target, "%s", o.target);
    else if (o.kind == UPGRADE)
        snprintf(target, sizeof target, "/socket.io/?EIO=4&transport=websocket&sid=%s", c->sid);
    else if (c->generation == 9) snprintf(target, sizeof target, "/socket.io/1/websocket/%s", c->sid);
    else snprintf(target, sizeof target, "/socket.io/?EIO=%d&transport=websocket", c->generation);
    char more[256];
    snprintf(more, sizeof more,
             "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s",
             o.deflate ? "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                         "client_no_context_takeover\r\n" : "");
    request(c, "GET", target, more, NULL, 0);
    c->step = UPGRADING;
}

/* Take a whole HTTP answer off the buffer; false while it is not. The body stays where it is. */
static bool take_answer(Client *c, char **body, size_t *length) {
    size_t head = head_length(&c->in);
    if (!head) return false;
    char *p = unread(&c->in), saved = p[head - 1];
    p[head - 1] = 0;
    char *field = strcasestr(p, "\r\ncontent-length:");
    bool chunked = strcasestr(p, "\r\ntransfer-encoding: chunked");
    if (memcmp(p + 9, "200", 3)) {
        if (!failed++) fprintf(stderr, "load: %s\n", p);
    }
    p[head - 1] = saved;
    *body = p + head;
    size_t have = length_of(&c->in) - head;
    if (chunked) {
        char *end = have < 5 ? NULL : memmem(*body, have, "0\r\n\r\n", 5);
        if (!end) return false;
        *length = (size_t)(end - *body) + 5;
    } else {
        *length = field ? strtoul(field + 17, NULL, 10) : 0;
        if (have < *length) return false;
    }
    c->in.start += head + *length;
    return true;
}

static void keep_sid(Client *c, const char *body, size_t length) {
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)(length < 500 ? length : 500), body);
    char *from = strstr(text, "sid");
    if (!from || !(from = strchr(from, ':'))) die("no sid in the handshake's answer");
    from += 1 + strspn(from + 1, "\\\" ");
    snprintf(c->sid, sizeof c->sid, "%.*s", (int)strcspn(from, "\\\""), from);
}

static void sample(uint64_t due) {
    uint64_t took = (now_ns() - due) / 1000;
    if (measuring && sampled < SAMPLES) samples[sampled++] = (uint32_t)took;
}

static void ask(Client *c, uint64_t due) {
    if (c->head - c->tail == RING) return; /* hopelessly late: it shows in the count */
    c->asked[c->head++ % RING] = due;
    if (!c->pending++) c->left = o.answers;
    say(c, unread(&o.message), length_of(&o.message));
}

static void shout(void) {
    while (received + (uint64_t)(o.depth - 1) * (uint64_t)o.clients >= sent * (uint64_t)o.clients) {
        sent++;
        shouted = now_ns();
        say(all[0], unread(&o.message), length_of(&o.message));
    }
}

static void joined(Client *c) {
    c->step = READY;
    if (o.kind == CONNECT) {
        counted++;
        ready = ready < o.clients ? ready + 1 : ready;
        again(c);
        return;
    }
    if (length_of(&o.first)) { /* its answer counts: the others have entered before the first news */
        c->step = ENTERING;
        say(c, unread(&o.first), length_of(&o.first));
        return;
    }
    ready++;
}

static void drop(Client *c) {
    close(c->fd);
    free(c->in.data);
    free(c->out.data);
    free(c->asked);
    free(c);
}

/* A client's WebSocket beside its polls: probed, taken, and used once. */
static void probed(Client *c, Frame *frame) {
    if (frame->length == 6 && !memcmp(frame->payload, "3probe", 6)) {
        say_text(c, "5");
        say(c, unread(&o.message), length_of(&o.message));
    } else if (frame->length > 2 && frame->payload[0] == '4') {
        Client *polling = c->twin;
        counted++;
        ready = ready < o.clients ? ready + 1 : ready;
        c->step = CONNECTING; /* the rest of its frames are not read */
        polling->twin = NULL;
        again(polling);
    }
}

static void heard(Client *c, Frame *frame) {
    char first = frame->length ? frame->payload[0] : 0;
    if (frame->opcode == 8) die("the server closed a client");
    if (c->step == PROBING) return probed(c, frame);
    if (c->step == JOINING) {
        if (first == '0' && c->generation == 4) say_text(c, "40");
        else if (c->generation == 9 ? first == '1' : first == '4') joined(c);
        return;
    }
    if (c->step == ENTERING && frame->length > 1 && frame->payload[1] == '3') {
        c->step = READY;
        ready++;
        return;
    }
    if (!o.plain && frame->opcode == 1 && frame->length == 1 && first == '2') return say_text(c, "3");
    if (!o.plain && c->generation == 9 && first == '2') return say_text(c, "2::");
    if (o.kind == BROADCAST) {
        received++;
        counted++;
        sample(shouted);
    } else if (c->pending && !--c->left) {
        counted++;
        sample(c->asked[c->tail++ % RING]);
        c->left = o.answers;
        c->pending--;
        if (!o.rate) ask(c, now_ns());
    }
}

static void poll_more(Client *c) {
    char target[256];
    snprintf(target, sizeof target, "/socket.io/?%s&sid=%s", o.query, c->sid);
    request(c, "GET", target, "", NULL, 0);
}

static void post(Client *c, const char *body, size_t length) {
    char target[256], more[160];
    snprintf(target, sizeof target, "/socket.io/?%s&sid=%s", o.query, c->sid);
    snprintf(more, sizeof more, "Content-Type: %s\r\nContent-Length: %zu\r\n", o.type, length);
    request(c->twin, "POST", target, more, body, length);
}

/* The polling half of an upgrade: handshake, join, then the WebSocket. */
static void upgrading(Client *c, const char *body, size_t length) {
    char target[256];
    if (c->step == STARTING) {
        keep_sid(c, body, length);
        snprintf(target, sizeof target, "/socket.io/?%s&sid=%s", o.query, c->sid);
        request(c, "POST", target, "Content-Type: text/plain\r\nContent-Length: 2\r\n", "40", 2);
        c->step = POSTING;
    } else if (c->step == POSTING) {
        poll_more(c);
        c->step = JOINING;
    } else if (c->step == JOINING) {
        c->step = READY;
        c->twin = calloc(1, sizeof *c);
        c->twin->twin = c;
        memcpy(c->twin->sid, c->sid, sizeof c->sid);
        begin(c->twin);
    }
}

static void poll_round(Client *c) {
    c->posted = c->got = false;
    c->asked[0] = now_ns();
    poll_more(c);
    post(c, unread(&o.body), length_of(&o.body));
}

static void polled(Client *c, const char *body, size_t length) {
    if (c->step == POSTING) { /* the twin's answer to its POST */
        c->twin->posted = true;
        c = c->twin;
    } else if (c->step == STARTING) {
        keep_sid(c, body, length);
        c->step = JOINING;
        if (o.join) {
            post(c, "40", 2);
            poll_more(c);
        } else {
            ready++;
            c->step = READY;
        }
        return;
    } else if (c->step == JOINING) {
        ready++;
        c->step = READY;
        return;
    } else if (memmem(body, length, o.needle, strlen(o.needle))) {
        c->got = true;
    } else {
        poll_more(c);
    }
    if (c->step == READY && c->posted && c->got) {
        counted++;
        sample(c->asked[0]);
        poll_round(c);
    }
}

static void connected(Client *c) {
    if (o.kind == HTTP) {
        ready++;
        c->step = READY;
    } else if (o.kind == UPGRADE && c->sid[0] && c->twin && c->twin->step == READY) {
        upgrade(c);
    } else if (o.kind == POLLING || o.kind == UPGRADE) {
        char target[256];
        snprintf(target, sizeof target, "/socket.io/?%s", o.query);
        request(c, "GET", target, "", NULL, 0);
        c->step = STARTING;
    } else if (c->generation == 9) {
        request(c, "GET", "/socket.io/1/", "", NULL, 0);
        c->step = SHAKING;
    } else {
        upgrade(c);
    }
}

static void read_frames(Client *c) {
    Frame frame;
    while (c->step >= JOINING && peek_frame(&c->in, &frame)) {
        c->in.start += frame.whole;
        heard(c, &frame);
    }
}

static void taken_up(Client *c) {
    size_t head = head_length(&c->in);
    if (!head) return;
    if (memcmp(unread(&c->in) + 9, "101", 3)) {
        fprintf(stderr, "load: %.*s\n", (int)head, unread(&c->in));
        die("no upgrade");
    }
    c->in.start += head;
    c->step = JOINING;
    if (o.plain) joined(c);
    if (o.kind != UPGRADE) return;
    c->step = PROBING;
    say_text(c, "2probe");
}

static void readable(Client *c) {
    if (!fill(c->fd, &c->in)) {
        if (o.kind != UPGRADE || c->step != READY) die("the server closed a connection");
        watch(epoll, c->fd, 0, EPOLL_CTL_DEL, NULL); /* Node's, once it has the WebSocket */
        return;
    }
    char *body;
    size_t length;
    if (o.kind == HTTP) {
        while (take_answer(c, &body, &length)) {
            counted++;
            sample(c->asked[0]);
            c->asked[0] = now_ns();
            request(c, "GET", o.target, "", NULL, 0);
        }
    } else if (o.kind == POLLING) {
        while (take_answer(c, &body, &length)) polled(c, body, length);
    } else if (o.kind == UPGRADE && c->step >= JOINING && c->step < PROBING) {
        while (take_answer(c, &body, &length)) upgrading(c, body, length);
    } else if (c->step == SHAKING) {
        if (!take_answer(c, &body, &length)) return;
        snprintf(c->sid, sizeof c->sid, "%.*s", (int)strcspn(body, ":"), body);
        upgrade(c);
    } else {
        if (c->step == UPGRADING) taken_up(c);
        read_frames(c);
        if (o.kind == UPGRADE && c->step == CONNECTING) drop(c);
    }
}

static void writable(Client *c) {
    if (c->step == CONNECTING || (c->step == POSTING && !c->posted)) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        errno = error;
        if (error) die("connect");
        if (c->step == POSTING) c->posted = true; /* its connection is there */
        else connected(c);
    }
    if (!flush(c->fd, &c->out)) die("send");
    if (!length_of(&c->out) && c->writing) {
        watch(epoll, c->fd, EPOLLIN, EPOLL_CTL_MOD, c);
        c->writing = false;
    }
}

static void turn(int timeout) {
    static struct epoll_event events[1024];
    int n = epoll_wait(epoll, events, 1024, timeout);
    for (int i = 0; i < n; i++) {
        Client *c = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) writable(c);
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(c);
    }
}

static Client *make(int number) {
    Client *c = calloc(1, sizeof *c);
    c->asked = calloc(o.kind == ECHO ? RING : 1, sizeof *c->asked);
    c->generation = o.generation ? o.generation : (int[]){4, 3, 9}[number % 3];
    begin(c);
    if (o.kind == POLLING) {
        c->twin = calloc(1, sizeof *c);
        c->twin->twin = c;
        begin(c->twin);
        c->twin->step = POSTING;
    }
    return c;
}

/* All clients, some at a time: no server takes thousands of connections in one moment. */
static void open_all(void) {
    uint64_t deadline = now_ns() + 120000000000u;
    all = calloc((size_t)o.clients, sizeof *all);
    for (int made = 0; ready < o.clients; turn(100)) {
        while (made < o.clients && made - ready < 64) {
            all[made] = make(made);
            made++;
        }
        if (now_ns() > deadline) die("not all clients could connect");
    }
}

static void start(void) {
    for (int i = 0; i < o.clients; i++) {
        Client *c = all[i];
        if (o.kind == HTTP) {
            c->asked[0] = now_ns();
            request(c, "GET", o.target, "", NULL, 0);
        } else if (o.kind == POLLING) {
            poll_round(c);
        } else if (o.kind == ECHO && !o.rate) {
            for (int k = 0; k < o.depth; k++) ask(c, now_ns());
        }
    }
}

static void run_for(double seconds) {
    static uint64_t scheduled;
    uint64_t begun = now_ns(), end = begun + (uint64_t)(seconds * 1e9), due, step = 0;
    if (o.rate) step = (uint64_t)(1e9 / o.rate);
    for (due = begun; now_ns() < end;) {
        for (; step && due <= now_ns(); due += step) ask(all[scheduled++ % (uint64_t)o.clients], due);
        if (o.kind == BROADCAST) shout();
        turn(step ? 0 : 50);
    }
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double quantile(double q) {
    return sampled ? samples[(size_t)(q * (double)(sampled - 1))] / 1000.0 : 0;
}

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void measure(void) {
    run_for(o.warmup);
    uint64_t count = counted, begun = now_ns();
    double used = cpu();
    measuring = true;
    printf("{\"begun\": true}\n");
    fflush(stdout);
    run_for(o.seconds);
    double seconds = (double)(now_ns() - begun) / 1e9;
    qsort(samples, sampled, sizeof *samples, by_size);
    printf("{\"count\": %llu, \"seconds\": %.4f, \"rate\": %.1f, \"busy\": %.3f, \"failed\": %llu, "
           "\"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f}\n",
           (unsigned long long)(counted - count), seconds, (double)(counted - count) / seconds,
           (cpu() - used) / seconds, (unsigned long long)failed, quantile(0.5), quantile(0.99),
           quantile(1));
}

static void set(const char *argument) {
    const char *value = strchr(argument, '=');
    if (!value) die("arguments are name=value");
    size_t n = (size_t)(value++ - argument);
#define IS(name) (n == strlen(name) && !strncmp(argument, name, n))
    if (IS("clients")) o.clients = atoi(value);
    else if (IS("depth")) o.depth = atoi(value);
    else if (IS("answers")) o.answers = atoi(value);
    else if (IS("generation")) o.generation = atoi(value); /* 0: all of them in turn */
    else if (IS("seconds")) o.seconds = atof(value);
    else if (IS("warmup")) o.warmup = atof(value);
    else if (IS("rate")) o.rate = atof(value);
    else if (IS("plain")) o.plain = atoi(value);
    else if (IS("deflate")) o.deflate = atoi(value);
    else if (IS("first")) read_file(&o.first, value);
    else if (IS("join")) o.join = atoi(value);
    else if (IS("message")) read_file(&o.message, value);
    else if (IS("body")) read_file(&o.body, value);
    else if (IS("target")) o.target = value;
    else if (IS("query")) o.query = value;
    else if (IS("needle")) o.needle = value;
    else if (IS("type")) o.type = value;
    else die(argument);
#undef IS
}

int main(int argc, char **argv) {
    if (argc < 3) die("load KIND PORT [name=value ...]");
    while (o.kind <= IDLE && strcmp(KINDS[o.kind], argv[1])) o.kind++;
    if (o.kind > IDLE) die(argv[1]);
    o.port = atoi(argv[2]);
    for (int i = 3; i < argc; i++) set(argv[i]);
    samples = malloc(SAMPLES * sizeof *samples);
    allow_files();
    epoll = epoll_create1(0);
    open_all();
    start();
    if (o.kind == IDLE) {
        printf("{\"begun\": true}\n");
        fflush(stdout);
        for (;;) turn(1000);
    }
    measure();
    return 0;
}
