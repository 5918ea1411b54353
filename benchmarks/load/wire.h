/* What the load and the yardstick share: buffers, sockets, HTTP heads, WebSocket frames. */

#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(1);
}

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A growing buffer: bytes from `start` to `end` are unread. */
typedef struct {
    char *data;
    size_t start, end, size;
} Buffer;

static inline void reserve(Buffer *b, size_t more) {
    if (b->start == b->end) b->start = b->end = 0;
    if (b->end + more <= b->size) return;
    if (b->start > 0) {
        memmove(b->data, b->data + b->start, b->end - b->start);
        b->end -= b->start;
        b->start = 0;
    }
    if (b->end + more > b->size) {
        b->size = (b->end + more) * 2;
        b->data = realloc(b->data, b->size);
        if (!b->data) die("memory");
    }
}

static inline void append(Buffer *b, const void *data, size_t length) {
    reserve(b, length);
    memcpy(b->data + b->end, data, length);
    b->end += length;
}

/* Messages come in files: they are too long for arguments. */
static inline void read_file(Buffer *b, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    for (size_t n = 1; n > 0; b->end += n) {
        reserve(b, 65536);
        n = fread(b->data + b->end, 1, 65536, file);
    }
    fclose(file);
}

static inline char *unread(Buffer *b) { return b->data + b->start; }
static inline size_t length_of(const Buffer *b) { return b->end - b->start; }

/* Read what is there, at most 64 KiB; false at the end of the connection. */
static inline bool fill(int fd, Buffer *b) {
    reserve(b, 65536);
    ssize_t n = recv(fd, b->data + b->end, 65536, 0);
    if (n > 0) {
        b->end += (size_t)n;
        return true;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Write what fits; false if the connection is gone. */
static inline bool flush(int fd, Buffer *b) {
    while (length_of(b)) {
        ssize_t n = send(fd, unread(b), length_of(b), MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN || errno == EINTR;
        b->start += (size_t)n;
    }
    return true;
}

static inline void set_options(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static inline void watch(int epoll, int fd, uint32_t events, int operation, void *what) {
    struct epoll_event event = {.events = events, .data.ptr = what};
    if (epoll_ctl(epoll, operation, fd, &event) < 0) die("epoll_ctl");
}

static inline void allow_files(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* The length of a head with its empty line, 0 while it is not whole. */
static inline size_t head_length(const Buffer *b) {
    if (!length_of(b)) return 0;
    const char *end = memmem(b->data + b->start, length_of(b), "\r\n\r\n", 4);
    return end ? (size_t)(end - (b->data + b->start)) + 4 : 0;
}

typedef struct {
    int opcode;
    bool masked;
    char *payload;
    size_t length, whole; /* of the payload; with its header */
} Frame;

/* Take a look at the next frame; false while it is not whole. */
static inline bool peek_frame(Buffer *b, Frame *frame) {
    size_t have = length_of(b), header = 2;
    if (have < 2) return false;
    unsigned char *p = (unsigned char *)unread(b);
    uint64_t length = p[1] & 127;
    if (length == 126) {
        if (have < 4) return false;
        length = (uint64_t)p[2] << 8 | p[3];
        header = 4;
    } else if (length == 127) {
        if (have < 10) return false;
        length = 0;
        for (int i = 2; i < 10; i++) length = length << 8 | p[i];
        header = 10;
    }
    frame->masked = p[1] & 128;
    if (frame->masked) header += 4;
    if (have < header + length) return false;
    frame->opcode = p[0] & 15;
    frame->payload = (char *)p + header;
    frame->length = length;
    frame->whole = header + length;
    return true;
}

static inline size_t put_header(unsigned char *p, int first, size_t length, bool masked) {
    size_t n = 2;
    unsigned char mask = masked ? 128 : 0;
    p[0] = (unsigned char)first;
    if (length < 126) {
        p[1] = mask | (unsigned char)length;
    } else if (length < 65536) {
        p[1] = mask | 126;
        p[2] = (unsigned char)(length >> 8);
        p[3] = (unsigned char)length;
        n = 4;
    } else {
        p[1] = mask | 127;
        for (int i = 0; i < 8; i++) p[2 + i] = (unsigned char)(length >> (56 - 8 * i));
        n = 10;
    }
    return n;
}
