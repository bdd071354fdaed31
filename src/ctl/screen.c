/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/screen.h"

#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SCREEN_BEGIN "\033[?7l\033[2J" /* no line is broken; all is blank */
#define SCREEN_END   "\033[?7h"
#define SCREEN_HOME  "\033[H"
#define LINE_END     "\033[K\n" /* the rest of the line is blank */
#define SCREEN_REST  "\033[J"

static void enter(const struct screen *screen)
{
    struct termios raw = screen->mode;

    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void leave(struct screen *screen)
{
    if (screen->is_used)
        fputs(SCREEN_END, stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &screen->mode);
    screen->is_used = false;
}

void screen_open(struct screen *screen)
{
    sigset_t signals;

    *screen = (struct screen){.signals = -1};
    screen->is_open = isatty(STDOUT_FILENO) && tcgetattr(STDIN_FILENO, &screen->mode) == 0;
    if (!screen->is_open)
        return;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTSTP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    screen->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    enter(screen);
}

void screen_close(struct screen *screen)
{
    if (!screen->is_open)
        return;
    leave(screen);
    close(screen->signals);
}

void screen_put(struct screen *screen, const char *text)
{
    fputs(screen->is_used ? SCREEN_HOME : SCREEN_BEGIN SCREEN_HOME, stdout);
    screen->is_used = true;
    for (; *text; text++)
        if (*text == '\n')
            fputs(LINE_END, stdout);
        else
            putchar(*text);
    fputs(SCREEN_REST, stdout);
}

/* The shell gets the terminal as it was; "fg" goes on here. */
static void stop(struct screen *screen)
{
    leave(screen);
    raise(SIGSTOP);
    enter(screen);
}

int screen_input(struct screen *screen)
{
    struct signalfd_siginfo info;
    char key;

    if (read(screen->signals, &info, sizeof(info)) > 0) {
        if (info.ssi_signo != SIGTSTP)
            return 1;
        stop(screen);
    }
    return read(STDIN_FILENO, &key, 1) == 1 && (key == 'q' || key == 'Q');
}
