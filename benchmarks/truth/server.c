/*
 * A service that knows when it said what: the truth which stream times are held against.
 *
 * GET answers with a small JSON object and closes, as a health route does. POST streams
 * chat completion chunks of random distance; each one carries, as "m", the nanoseconds
 * of CLOCK_MONOTONIC that were read right before it was handed to the socket. The
 * clock is the machine's, so that a client beside it can compare.
 *
 * One thread, epoll, a heap of what is due. TLS where a certificate is given.
 *
 * usage: server PORT FIRST_MIN_MS FIRST_MAX_MS GAP_MS TOKENS [CERTIFICATE KEY]
 * Gaps are uniform between half and one and a half of GAP_MS. Prints "ready PORT".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_REQUEST 65536
#define MOST_DUE 65536
#define MS 1000000LL

typedef struct Peer {
    int fd;
    SSL *tls;
    int shaken;          /* the handshake is over */
    int streams;         /* it asked for a stream, which goes on */
    int left;            /* tokens still to be sent */
    unsigned life;       /* what is due for an earlier life of this peer is void */
    size_t held;
    char request[MOST_REQUEST];
    struct Peer *spare;  /* the next one that may be used again */
} Peer;

typedef struct {
    long long at;
    Peer *peer;
    unsigned life;
} Due;

static Due due[MOST_DUE];
static int dues, poller;
static Peer *spares;
static SSL_CTX *context;
static double first_min, first_max, gap;
static int tokens;

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* ---- a binary heap: the earliest first ---- */

static void plan(Peer *peer, long long at)
{
    int i = dues++;
    if (dues >= MOST_DUE)
        abort();
    for (; i && due[(i - 1) / 2].at > at; i = (i - 1) / 2)
        due[i] = due[(i - 1) / 2];
    due[i] = (Due){at, peer, peer->life};
}

static Due earliest(void)
{
    Due top = due[0], last = due[--dues];
    int i = 0, child;
    while ((child = 2 * i + 1) < dues) {
        if (child + 1 < dues && due[child + 1].at < due[child].at)
            child++;
        if (due[child].at >= last.at)
            break;
        due[i] = due[child];
        i = child;
    }
    due[i] = last;
    return top;
}

/* ---- peers ---- */

static Peer *welcome(int fd)
{
    int one = 1;
    Peer *peer = spares;
    if (peer)
        spares = peer->spare;
    else if (!(peer = calloc(1, sizeof *peer)))
        abort();
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    peer->fd = fd;
    peer->held = peer->shaken = peer->streams = 0;
    peer->tls = NULL;
    if (context) {
        peer->tls = SSL_new(context);
        SSL_set_fd(peer->tls, fd);
    }
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = peer});
    return peer;
}

static void leave(Peer *peer)
{
    peer->life++;
    if (peer->tls) {
        SSL_shutdown(peer->tls);
        SSL_free(peer->tls);
    }
    close(peer->fd);
    peer->fd = -1;
    peer->spare = spares;
    spares = peer;
}

static int tell(Peer *peer, const char *text, int length)
{
    ERR_clear_error();
    int sent = peer->tls ? SSL_write(peer->tls, text, length)
                         : (int)send(peer->fd, text, length, MSG_NOSIGNAL);
    return sent == length;
}

/* ---- what is answered ---- */

static void answer(Peer *peer)
{
    static const char health[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 25\r\n"
        "Connection: close\r\n\r\n"
        "{\"status\":\"ok\",\"queue\":0}";
    static const char stream[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    if (memcmp(peer->request, "POST", 4)) {
        tell(peer, health, sizeof health - 1);
        leave(peer);
        return;
    }
    if (!tell(peer, stream, sizeof stream - 1)) {
        leave(peer);
        return;
    }
    peer->streams = 1;
    peer->left = tokens;
    plan(peer, now() + (long long)((first_min + (first_max - first_min) * drand48()) * MS));
}

static void say(Due what)
{
    static const char done[] = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
    char event[512], chunk[600];
    Peer *peer = what.peer;
    if (peer->life != what.life)
        return;
    if (!peer->left) {
        tell(peer, done, sizeof done - 1);
        leave(peer);
        return;
    }
    const char *finish = peer->left == 1 ? "\"stop\"" : "null";
    /* The stamp has always 20 digits, so that all but it is written before it. */
    int length = snprintf(event, sizeof event,
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1763800000,"
        "\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"},"
        "\"logprobs\":null,\"finish_reason\":%s}],\"m\":\"%020lld\"}\n\n", finish, 0LL);
    int whole = snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n", length, event);
    char digits[21];
    snprintf(digits, sizeof digits, "%020lld", now());
    memcpy(chunk + whole - 2 - 4 - 20, digits, 20);
    if (!tell(peer, chunk, whole)) {
        leave(peer);
        return;
    }
    peer->left--;
    plan(peer, what.at + (long long)(gap * (0.5 + drand48()) * MS));
}

/* ---- what is asked ---- */

static int whole(const Peer *peer)
{
    const char *end = strstr(peer->request, "\r\n\r\n");
    if (!end)
        return 0;
    const char *told = strcasestr(peer->request, "\r\ncontent-length:");
    size_t body = told && told < end ? strtoul(told + 17, NULL, 10) : 0;
    return peer->held >= (size_t)(end - peer->request) + 4 + body;
}

static int waits(Peer *peer, int result)
{
    if (!peer->tls)
        return result < 0 && errno == EAGAIN;
    int why = SSL_get_error(peer->tls, result);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

static void hear(Peer *peer)
{
    ERR_clear_error();
    if (peer->tls && !peer->shaken) {
        int result = SSL_accept(peer->tls);
        if (result != 1) {
            if (!waits(peer, result))
                leave(peer);
            return;
        }
        peer->shaken = 1;
    }
    for (;;) {
        char *to = peer->request + peer->held;
        int room = (int)(MOST_REQUEST - 1 - peer->held);
        int got = peer->tls ? SSL_read(peer->tls, to, room) : (int)recv(peer->fd, to, room, 0);
        if (got <= 0) {
            if (room <= 0 || !waits(peer, got))
                leave(peer);
            return;
        }
        peer->held += got;
        peer->request[peer->held] = 0;
        if (!peer->streams && whole(peer)) {
            answer(peer);
            return;
        }
    }
}

static int listening(int port)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof where;
    inet_pton(AF_INET, "127.0.0.1", &where.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (void *)&where, size) || listen(fd, 4096)) {
        perror("server");
        exit(1);
    }
    getsockname(fd, (void *)&where, &size);
    printf("ready %d\n", ntohs(where.sin_port));
    fflush(stdout);
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN});
    return fd;
}

static void secure(const char *certificate, const char *key)
{
    context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1
        || SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
}

static int turn(int door)
{
    struct epoll_event events[256];
    struct timespec patience = {60, 0};
    if (dues) {
        long long left = due[0].at - now();
        left = left < 0 ? 0 : left;
        patience = (struct timespec){left / 1000000000, left % 1000000000};
    }
    int many = epoll_pwait2(poller, events, 256, &patience, NULL);
    for (int i = 0; i < many; i++) {
        Peer *peer = events[i].data.ptr;
        int fd;
        if (peer)
            hear(peer);
        else
            while ((fd = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0)
                welcome(fd);
    }
    while (dues && due[0].at <= now())
        say(earliest());
    return many >= 0 || errno == EINTR;
}

int main(int count, char **words)
{
    if (count != 6 && count != 8) {
        fprintf(stderr, "usage: server PORT FIRST_MIN_MS FIRST_MAX_MS GAP_MS TOKENS [CERTIFICATE KEY]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    srand48(7);
    first_min = atof(words[2]), first_max = atof(words[3]), gap = atof(words[4]);
    tokens = atoi(words[5]);
    if (count == 8)
        secure(words[6], words[7]);
    poller = epoll_create1(0);
    int door = listening(atoi(words[1]));
    while (turn(door))
        ;
    return 1;
}
