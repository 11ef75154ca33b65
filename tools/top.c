// SPDX-License-Identifier: GPL-2.0
/* vmainfo top - the processes that are nearest to vm.max_map_count */
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#ifdef HAVE_CURSES
#include <curses.h>
#endif

#include "json.h"
#include "process.h"
#include "table.h"
#include "why.h"

enum column {
	PID, VMAS, PERCENT, GROWTH, TOTAL, RES, SWAP, DATA, STACK, EXEC, LOCKED, PINNED, COMMAND,
	NR_COLUMNS
};

static const struct {
	const char *title;
	int width;
	char key;		/* that sorts by it */
	const char *help;
	enum proc_size size;	/* if it shows one */
} columns[] = {
	[PID] = { "PID", 7, 'N', "its number" },
	[VMAS] = { "VMAS", 7, 'V', "how many VMAs it has" },
	[PERCENT] = { "%MAX", 5, 'P', "of vm.max_map_count" },
	[GROWTH] = { "GROWTH", 6, 'G', "VMAs more than at the last update" },
	[TOTAL] = { "TOTAL", 6, 'M', "the size of all of them", PROC_TOTAL },
	[RES] = { "RES", 6, 'E', "what it has in memory", PROC_RSS },
	[SWAP] = { "SWAP", 6, 'W', "what it has in swap", PROC_SWAP },
	[DATA] = { "DATA", 6, 'D', "private and writable, without the stack", PROC_DATA },
	[STACK] = { "STACK", 6, 'S', "stack", PROC_STACK },
	[EXEC] = { "EXEC", 6, 'X', "executable and not writable", PROC_EXEC },
	[LOCKED] = { "LOCKED", 6, 'L', "locked in memory by mlock(2)", PROC_LOCKED },
	[PINNED] = { "PINNED", 6, 'I', "pinned in memory by a device, or io_uring", PROC_PINNED },
	[COMMAND] = { "COMMAND", 15, 'C', "its name" },
};

/* A size in kB is wider than one for people. */
#define KB_WIDTH 12
/* -18446744073709551615 is the longest cell. */
#define CELL 24

struct row {
	const struct proc *task;	/* of the last look */
	int64_t growth;			/* VMAs more than at the look before */
	bool is_new;			/* did not exist then */
};

struct top {
	struct procs now, before;	/* the last look, and the one before */
	uint64_t looks;
	uint64_t max;			/* vm.max_map_count at the last look */
	uint64_t vmas;			/* of all processes */
	int64_t growth;			/* of @vmas */
	size_t over;			/* processes over @warn */
	const struct proc *nearest;	/* has the most VMAs; NULL without any process */
	struct row *rows;		/* those to be shown, in their order */
	size_t nr_rows;
	/* options */
	bool batch;
	bool json;
	uint64_t iterations;		/* 0 for no limit */
	double delay;			/* in seconds */
	uint64_t lines;			/* of the table; 0 for no limit */
	enum column sort;
	bool reverse;
	bool kilobytes;
	double warn;			/* in percent of @max */
	pid_t *pids;			/* the only processes to show */
	size_t nr_pids;			/* 0 to show all */
};

/* ---- looking ---- */

static double percent(const struct top *t, const struct proc *task)
{
	/* The limit can be 0: nobody can map anything. */
	return t->max ? 100.0 * task->vmas / t->max : HUGE_VAL;
}

static bool is_over(const struct top *t, const struct proc *task)
{
	return percent(t, task) > t->warn;
}

static int compare_pids(const void *key, const void *element)
{
	const pid_t *pid = key;
	const struct proc *task = element;

	return (*pid > task->pid) - (*pid < task->pid);
}

static bool is_wanted(const struct top *t, pid_t pid)
{
	size_t i;

	for (i = 0; i < t->nr_pids; i++)
		if (t->pids[i] == pid)
			return true;
	return !t->nr_pids;
}

static bool is_size(enum column column)
{
	return column >= TOTAL && column <= PINNED;
}

static int64_t sort_value(const struct row *row, enum column column)
{
	if (column == PID)
		return row->task->pid;
	if (column == GROWTH)
		return row->growth;
	return is_size(column) ? row->task->kb[columns[column].size] : row->task->vmas;
}

/* Numbers descend, as in top(1). Names, and pids of equal rows, ascend. */
static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct row *x = a, *y = b;
	const struct top *t = arg;
	int64_t vx, vy;
	int order;

	if (t->sort == COMMAND) {
		order = strcmp(x->task->comm, y->task->comm);
	} else {
		vx = sort_value(x, t->sort);
		vy = sort_value(y, t->sort);
		order = (vx < vy) - (vx > vy);
	}
	if (order)
		return t->reverse ? -order : order;
	return (x->task->pid > y->task->pid) - (x->task->pid < y->task->pid);
}

static void sort_rows(struct top *t)
{
	qsort_r(t->rows, t->nr_rows, sizeof(*t->rows), compare_rows, t);
}

static void look(struct top *t)
{
	const struct proc *task, *old;
	uint64_t vmas = t->vmas;
	struct procs procs;
	struct row *row;
	size_t i;

	procs = t->before;
	t->before = t->now;
	t->now = procs;
	procs_read(&t->now);
	t->max = max_map_count();
	t->looks++;
	t->rows = xreallocarray(t->rows, t->now.nr, sizeof(*t->rows));
	t->nr_rows = 0;
	t->vmas = 0;
	t->over = 0;
	t->nearest = NULL;
	for (i = 0; i < t->now.nr; i++) {
		task = &t->now.procs[i];
		t->vmas += task->vmas;
		t->over += is_over(t, task);
		if (!t->nearest || task->vmas > t->nearest->vmas)
			t->nearest = task;
		if (!is_wanted(t, task->pid))
			continue;
		/* A pid is reused only after all other numbers. */
		old = t->before.nr ? bsearch(&task->pid, t->before.procs, t->before.nr,
					     sizeof(*task), compare_pids) : NULL;
		row = &t->rows[t->nr_rows++];
		row->task = task;
		row->is_new = !old;
		row->growth = old ? (int64_t)(task->vmas - old->vmas) : 0;
	}
	t->growth = t->vmas - vmas;
	sort_rows(t);
}

/* ---- as text ---- */

/* The lines above the table, to be freed */
static char *summarize(const struct top *t)
{
	time_t now = time(NULL);
	char when[16] = "", *text, *cost;
	struct tm tm;
	size_t size;
	FILE *out = xopen_memstream(&text, &size);

	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%H:%M:%S", &tm);
	fprintf(out, "vmainfo top - %s, every %g s, vm.max_map_count %" PRIu64 "\n", when, t->delay,
		t->max);
	fprintf(out, "Processes: %zu, over %g %%: %zu; VMAs: %" PRIu64 " in all", t->now.nr,
		t->warn, t->over, t->vmas);
	if (t->looks > 1)
		fprintf(out, ", %+" PRId64 " since the last look", t->growth);
	putc('\n', out);
	if (t->nearest) {
		char *name = proc_printable(t->nearest);

		fprintf(out, "Nearest: %s (pid %d), %" PRIu64 " VMAs, %.1f %%\n", name,
			t->nearest->pid, t->nearest->vmas, percent(t, t->nearest));
		free(name);
	}
	if (t->now.from_maps) {
		cost = procs_cost(&t->now);
		/* ASCII; toupper() depends on the locale. */
		fprintf(out, "%c%s", *cost - 'a' + 'A', cost + 1);
		if (t->now.unreadable)
			fprintf(out, "; %zu cannot be read", t->now.unreadable);
		putc('\n', out);
		free(cost);
	}
	fclose(out);
	return text;
}

static int column_width(const struct top *t, enum column column)
{
	return t->kilobytes && is_size(column) ? KB_WIDTH : columns[column].width;
}

/* All but the command, which can be longer. Returns @buf. */
static char *cell_text(const struct top *t, const struct row *row, enum column column,
		       char buf[CELL])
{
	int64_t value = sort_value(row, column);

	if (is_size(column) && !t->kilobytes)
		return size_text(buf, (uint64_t)value * 1024);
	if (column == PERCENT)
		snprintf(buf, CELL, "%.1f", percent(t, row->task));
	else if (column == GROWTH && row->is_new)
		strcpy(buf, "-");
	else
		snprintf(buf, CELL, column == GROWTH && value ? "%+" PRId64 : "%" PRId64, value);
	return buf;
}

/* ---- batch ---- */

static void print_look(const struct top *t)
{
	struct table table = { .out = stdout };
	const bool colour = use_colour();
	char buf[NR_COLUMNS][CELL], *summary = summarize(t), *name;
	struct table_cell cells[NR_COLUMNS];
	enum column column;
	size_t i;

	printf("%s%s\n", t->looks > 1 ? "\n" : "", summary);
	free(summary);
	for (column = 0; column < NR_COLUMNS; column++)
		table_column(&table, columns[column].title,
			     column == COMMAND ? 0 : column_width(t, column),
			     column == COMMAND ? 0 : TABLE_RIGHT);
	for (i = 0; i < t->nr_rows && !(t->lines && i == t->lines); i++) {
		const struct row *row = &t->rows[i];

		for (column = 0; column < NR_COLUMNS; column++) {
			cells[column].colour = colour && is_over(t, row->task) ? "1;31" : "";
			if (column < COMMAND)
				cells[column].text = cell_text(t, row, column, buf[column]);
		}
		name = proc_printable(row->task);
		cells[COMMAND].text = name;
		table_line(&table, cells);
		free(name);
	}
	table_end(&table);
	flush_output();
}

/* Sizes have the names of their columns. */
static void print_row_json(struct json *j, const struct row *row)
{
	char key[16], *name = proc_name(row->task);
	enum column column;
	size_t i;

	json_open(j, NULL, '{');
	json_int(j, "pid", row->task->pid);
	json_text(j, "comm", name);
	json_int(j, "vmas", row->task->vmas);
	if (row->is_new)
		json_null(j, "growth");
	else
		json_int(j, "growth", row->growth);
	for (column = TOTAL; is_size(column); column++) {
		/* ASCII; tolower() depends on the locale. */
		for (i = 0; columns[column].title[i]; i++)
			key[i] = columns[column].title[i] - 'A' + 'a';
		strcpy(key + i, "_kb");
		json_int(j, key, sort_value(row, column));
	}
	json_close(j, '}');
	free(name);
}

static void print_json(const struct top *t)
{
	struct json j = { .out = stdout };
	char time[TIME_TEXT];
	size_t i;

	json_open(&j, NULL, '{');
	json_text(&j, "time", time_text(time));
	json_text(&j, "source", t->now.from_maps ? "maps" : "module");
	json_int(&j, "unreadable", t->now.unreadable);
	json_int(&j, "max_map_count", t->max);
	json_int(&j, "vmas", t->vmas);
	json_int(&j, "over", t->over);
	json_open(&j, "processes", '[');
	for (i = 0; i < t->nr_rows && !(t->lines && i == t->lines); i++)
		print_row_json(&j, &t->rows[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	putchar('\n');
	flush_output();
}

static void batch(struct top *t)
{
	for (;;) {
		look(t);
		if (t->json)
			print_json(t);
		else
			print_look(t);
		if (t->looks == t->iterations)
			return;
		/* Rounded up, so that there is a pause */
		wait_readable(-1, t->delay * 1000 + 0.999);
	}
}

/* ---- the screen ---- */

#define MAX_DELAY 1e6
#define MAX_LINES 1000000

#ifdef HAVE_CURSES
/* Lines that "why" needs at least */
#define MIN_WHY 12

struct view {
	struct top *t;
	size_t first;		/* row */
	int page;		/* rows that fit */
	bool help;		/* show the keys and not the table */
	char *why;		/* show this and not the table, or NULL */
	const char *prompt;	/* or NULL */
	int prompt_key;
	char input[12];		/* typed so far */
	const char *message;	/* until the next key, or NULL */
	attr_t warn_attr;
};

static SCREEN *screen;
static volatile sig_atomic_t caught;

static void close_screen(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

/* For error(3): the message must not go to the screen. */
static void print_progname(void)
{
	close_screen();
	fprintf(stderr, "%s: ", program_invocation_name);
}

static void catch_signal(int nr)
{
	caught = nr;
}

/*
 * Signals are delivered only during ppoll(), so they never interrupt output to
 * the terminal. ncurses handles SIGTSTP and SIGWINCH.
 */
static void block_signals(sigset_t *while_waiting)
{
	static const int ends[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	struct sigaction catch = { .sa_handler = catch_signal }, old;
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		/* Ignored by nohup(1), and by shells in the background */
		if (sigaction(ends[i], NULL, &old) || old.sa_handler == SIG_IGN)
			continue;
		sigaction(ends[i], &catch, NULL);
		sigaddset(&blocked, ends[i]);
	}
	sigaddset(&blocked, SIGTSTP);
	sigaddset(&blocked, SIGWINCH);
	sigprocmask(SIG_BLOCK, &blocked, while_waiting);
}

/* Restores the terminal and ends as if the signal had not been caught. */
static void end_by_signal(void)
{
	sigset_t set;

	close_screen();
	signal(caught, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, caught);
	raise(caught);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void open_screen(struct view *v)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		error(EXIT_FAILURE, 0, "not a terminal: use --batch");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		error(EXIT_FAILURE, 0, "unknown or unsuitable terminal: '%s'; use --batch",
		      getenv("TERM") ?: "");
	atexit(close_screen);
	error_print_progname = print_progname;
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	v->warn_attr = A_BOLD;
	if (use_colour() && has_colors() && start_color() == OK) {
		use_default_colors();
		init_pair(1, COLOR_RED, -1);
		v->warn_attr |= COLOR_PAIR(1);
	}
}

/* Prints the part of a text that fits. Returns the next column. */
static int put_text(int y, int x, const char *text)
{
	int width, room = COLS - x;
	wchar_t chars[256];
	size_t len, nr = 0;

	if (y < 0 || y >= LINES || room <= 0)
		return x;
	for (; *text && nr < ARRAY_SIZE(chars); text += len, nr++) {
		len = utf8_decode(text, &chars[nr]);
		/* Combining characters are left out: some terminals do not combine. */
		width = wcwidth(chars[nr]);
		if (width <= 0) {
			chars[nr] = L'?';
			width = 1;
		}
		if (width > room)
			break;
		room -= width;
	}
	mvaddnwstr(y, x, chars, nr);
	return COLS - room;
}

/* Prints a cell of the table, aligned to the right. Returns the next column. */
static int put_cell(int y, int x, int width, const char *text)
{
	char padded[CELL + KB_WIDTH];

	snprintf(padded, sizeof(padded), "%*s ", width, text);
	return put_text(y, x, padded);
}

/* Chooses the columns that fit. Pid, VMAs and the command are always shown. */
static void choose_columns(const struct top *t, bool shown[NR_COLUMNS])
{
	static const enum column may_hide[] = {
		PINNED, LOCKED, EXEC, STACK, DATA, SWAP, TOTAL, RES, GROWTH, PERCENT,
	};
	int width = columns[COMMAND].width;
	enum column column;
	size_t i;

	for (column = 0; column < NR_COLUMNS; column++)
		shown[column] = true;
	for (column = 0; column < COMMAND; column++)
		width += column_width(t, column) + 1;
	for (i = 0; i < ARRAY_SIZE(may_hide) && width > COLS; i++) {
		if (may_hide[i] == t->sort)
			continue;
		shown[may_hide[i]] = false;
		width -= column_width(t, may_hide[i]) + 1;
	}
}

static void draw_table(struct view *v, int y)
{
	const struct top *t = v->t;
	bool shown[NR_COLUMNS];
	enum column column;
	const struct row *row;
	size_t nr = t->nr_rows, i;
	char buf[CELL], *name;
	attr_t attr;
	int x = 0;

	v->page = 0;
	if (y >= LINES)
		return;
	choose_columns(t, shown);
	for (column = 0; column < NR_COLUMNS; column++) {
		if (!shown[column])
			continue;
		attrset(column == t->sort ? A_BOLD | A_UNDERLINE : A_REVERSE);
		if (column == COMMAND)
			x = put_text(y, x, columns[column].title);
		else
			x = put_cell(y, x, column_width(t, column), columns[column].title);
	}
	attrset(A_REVERSE);
	while (x < COLS)
		x = put_text(y, x, " ");
	attrset(A_NORMAL);

	if (t->lines && nr > t->lines)
		nr = t->lines;
	v->page = LINES - y - 1;
	if (v->first + v->page > nr)
		v->first = nr > (size_t)v->page ? nr - v->page : 0;
	for (i = v->first; i < nr && i < v->first + v->page; i++) {
		row = &t->rows[i];
		attr = is_over(t, row->task) ? v->warn_attr : A_NORMAL;
		attrset(attr);
		for (column = 0, x = 0, y++; column < COMMAND; column++)
			if (shown[column])
				x = put_cell(y, x, column_width(t, column),
					     cell_text(t, row, column, buf));
		name = proc_printable(row->task);
		put_text(y, x, name);
		free(name);
	}
	attrset(A_NORMAL);
}

static void draw_help(void)
{
	static const char * const keys[] = {
		"q             quit",
		"space, Enter  update now",
		"d, s          change the delay",
		"n             change the maximum of lines",
		"e             sizes in kB, or with units",
		"R             reverse the order",
		"w             why a process has so many VMAs",
		"<, >          sort by the column to the left, to the right",
		"arrows, Page Up, Page Down, Home, End   scroll",
		"Ctrl-L        draw the screen again",
		"",
		"and these sort by a column:",
	};
	enum column column;
	char line[80];
	size_t i;
	int y = 0;

	put_text(y++, 0, "vmainfo top: keys; any key returns to the table");
	y++;
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		put_text(y++, 2, keys[i]);
	for (column = 0; column < NR_COLUMNS; column++) {
		snprintf(line, sizeof(line), "%c             %-8s %s", columns[column].key,
			 columns[column].title, columns[column].help);
		put_text(y++, 2, line);
	}
}

/* Prints lines until the end of the screen. */
static void draw_why(char *text)
{
	char *copy = xstrdup(text), *rest = copy, *line;
	int y = 0;

	while ((line = strsep(&rest, "\n")))
		put_text(y++, 0, line);
	free(copy);
}

static void draw(struct view *v)
{
	char *summary, *rest, *line;
	int y, x, cursor = 0;

	erase();
	if (v->help) {
		draw_help();
		refresh();
		return;
	}
	if (v->why) {
		draw_why(v->why);
		refresh();
		return;
	}
	summary = summarize(v->t);
	rest = summary;
	for (y = 0; (line = strsep(&rest, "\n")) && *line; y++)
		put_text(y, 0, line);
	free(summary);
	if (v->prompt) {
		attrset(A_BOLD);
		x = put_text(y, 0, v->prompt);
		attrset(A_NORMAL);
		cursor = put_text(y, x, v->input);
	} else if (v->message) {
		attrset(A_REVERSE);
		put_text(y, 0, v->message);
		attrset(A_NORMAL);
	}
	draw_table(v, y + 1);
	if (v->prompt)
		move(y, cursor < COLS ? cursor : COLS - 1);
	refresh();
}

static void ask(struct view *v, int key, const char *prompt)
{
	v->prompt = prompt;
	v->prompt_key = key;
	v->input[0] = 0;
	curs_set(1);
}

/* Shows why a process has so many VMAs: the one that was typed, or the first on the screen. */
static void ask_why(struct view *v)
{
	const struct top *t = v->t;
	uint64_t pid = v->first < t->nr_rows ? t->rows[v->first].task->pid : 0;
	size_t size;
	FILE *out;
	int err;

	if (*v->input && !parse_decimal(v->input, INT32_MAX, &pid))
		pid = 0;
	if (!pid) {
		v->message = "Invalid PID";
		return;
	}
	out = xopen_memstream(&v->why, &size);
	err = why_print(out, pid, LINES > MIN_WHY ? LINES : MIN_WHY, false);
	fclose(out);
	if (!err)
		return;
	free(v->why);
	v->why = NULL;
	v->message = strerror(err);
}

/* A key of an answer. True if the answer changes the delay. */
static bool answer(struct view *v, int key)
{
	size_t len = strlen(v->input);
	struct top *t = v->t;
	bool good = true;

	if (key == KEY_BACKSPACE || key == '\b' || key == 0x7f) {
		if (len)
			v->input[len - 1] = 0;
		return false;
	}
	if (key >= ' ' && key < 0x7f) {
		if (len + 1 < sizeof(v->input)) {
			v->input[len] = key;
			v->input[len + 1] = 0;
		}
		return false;
	}
	if (key != '\r' && key != '\n' && key != KEY_ENTER && key != '\033')
		return false;
	v->prompt = NULL;
	curs_set(0);
	if (v->prompt_key == 'w' && key != '\033')
		ask_why(v);
	if (key == '\033' || !len || v->prompt_key == 'w')
		return false;
	if (v->prompt_key == 'n')
		good = parse_decimal(v->input, MAX_LINES, &t->lines);
	else
		good = parse_number(v->input, 0, MAX_DELAY, &t->delay);
	if (!good)
		v->message = v->prompt_key == 'n' ? "Invalid number of lines" : "Invalid delay";
	return good && v->prompt_key != 'n';
}

static void sort_by(struct top *t, int column)
{
	if (column < 0 || column >= NR_COLUMNS)
		return;
	t->sort = column;
	sort_rows(t);
}

enum then { STAY, LOOK, QUIT };

static enum then handle_key(struct view *v, int key)
{
	struct top *t = v->t;
	enum column column;

	if (key == KEY_RESIZE)
		return STAY;
	v->message = NULL;
	if (v->prompt)
		return answer(v, key) ? LOOK : STAY;
	if (v->help || v->why) {
		v->help = false;
		free(v->why);
		v->why = NULL;
		return STAY;
	}
	switch (key) {
	case 'q':
		return QUIT;
	case ' ':
	case '\r':
	case '\n':
	case KEY_ENTER:
		return LOOK;
	case 'd':
	case 's':
		ask(v, key, "Seconds between updates: ");
		break;
	case 'n':
		ask(v, key, "Maximum of lines, 0 for all: ");
		break;
	case 'w':
		ask(v, key, "Why: PID, or Enter for the first process: ");
		break;
	case 'h':
	case '?':
	case KEY_F(1):
		v->help = true;
		break;
	case 'e':
		t->kilobytes = !t->kilobytes;
		break;
	case 'R':
		t->reverse = !t->reverse;
		sort_rows(t);
		break;
	case '<':
		sort_by(t, (int)t->sort - 1);
		break;
	case '>':
		sort_by(t, t->sort + 1);
		break;
	case KEY_UP:
		v->first -= v->first > 0;
		break;
	case KEY_DOWN:
		v->first++;
		break;
	case KEY_PPAGE:
		v->first -= v->first > (size_t)v->page ? (size_t)v->page : v->first;
		break;
	case KEY_NPAGE:
		v->first += v->page;
		break;
	case KEY_HOME:
		v->first = 0;
		break;
	case KEY_END:
		v->first = t->nr_rows;
		break;
	case '\f':
		clearok(curscr, TRUE);
		break;
	default:
		for (column = 0; column < NR_COLUMNS; column++) {
			if (columns[column].key != key)
				continue;
			sort_by(t, column);
			return STAY;
		}
		v->message = "Unknown key; h shows all keys";
	}
	return STAY;
}

/* In seconds, on CLOCK_MONOTONIC */
static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

/* Obeys keys until the next look is due. False to quit. */
static bool obey(struct view *v, const sigset_t *while_waiting)
{
	const double deadline = now() + v->t->delay;
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = STDOUT_FILENO },	/* can be another terminal */
	};
	struct timespec left;
	enum then then;
	double seconds;
	bool late;
	int key;

	for (;;) {
		seconds = deadline - now();
		late = seconds <= 0;
		left = (struct timespec){ 0 };
		if (!late) {
			left.tv_sec = seconds;
			left.tv_nsec = (seconds - left.tv_sec) * 1e9;
		}
		fds[0].revents = 0;
		fds[1].revents = 0;
		if (ppoll(fds, 2, &left, while_waiting) < 0 && errno != EINTR)
			error(EXIT_FAILURE, errno, "poll");
		if (caught)
			end_by_signal();
		if ((fds[0].revents & ~POLLIN) || fds[1].revents)
			error(EXIT_FAILURE, 0, "the terminal is gone");
		while ((key = getch()) != ERR) {
			then = handle_key(v, key);
			if (then != STAY)
				return then == LOOK;
		}
		if (late)
			return true;
		draw(v);
	}
}

static void interactive(struct top *t)
{
	struct view v = { .t = t };
	sigset_t while_waiting;

	block_signals(&while_waiting);
	/* The lines above the table say it. */
	quiet = true;
	open_screen(&v);
	do {
		look(t);
		draw(&v);
	} while (t->looks != t->iterations && obey(&v, &while_waiting));
	close_screen();
	free(v.why);
	sigprocmask(SIG_SETMASK, &while_waiting, NULL);
}
#else
static void interactive(struct top *t)
{
	(void)t;
	error(EXIT_FAILURE, 0, "this was built without ncurses: there is only --batch");
}
#endif

/* ---- the command ---- */

/* "vmas", "+VMAS", "-%max": as -o of top(1), with a sign for the direction */
static bool parse_sort(const char *text, struct top *t)
{
	enum column column;
	bool reverse = false;

	if (*text == '+' || *text == '-')
		reverse = *text++ == '-';
	for (column = 0; column < NR_COLUMNS; column++) {
		if (!same_word(text, columns[column].title))
			continue;
		t->sort = column;
		t->reverse = reverse;
		return true;
	}
	return false;
}

static bool parse_pids(char *text, struct top *t)
{
	char *one, *rest = NULL;
	uint64_t pid;

	for (one = strtok_r(text, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
		if (!parse_decimal(one, INT32_MAX, &pid) || !pid)
			return false;
		t->pids = array_grow(t->pids, t->nr_pids, sizeof(*t->pids));
		t->pids[t->nr_pids++] = pid;
	}
	return t->nr_pids;
}

enum { OPT_WARN = 256, OPT_JSON };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct top *t = state->input;

	switch (key) {
	case 'b':
		t->batch = true;
		break;
	case 'd':
		if (!parse_number(arg, 0, MAX_DELAY, &t->delay))
			argp_error(state, "invalid delay: '%s'", arg);
		break;
	case 'k':
		t->kilobytes = true;
		break;
	case 'l':
		if (!parse_decimal(arg, MAX_LINES, &t->lines))
			argp_error(state, "invalid number of lines: '%s'", arg);
		break;
	case 'n':
		if (!parse_decimal(arg, UINT64_MAX, &t->iterations) || !t->iterations)
			argp_error(state, "invalid number of updates: '%s'", arg);
		break;
	case 'o':
		if (!parse_sort(arg, t))
			argp_error(state, "unknown column: '%s'", arg);
		break;
	case 'p':
		if (!parse_pids(arg, t))
			argp_error(state, "invalid list of PIDs: '%s'", arg);
		break;
	case OPT_JSON:
		t->batch = true;
		t->json = true;
		break;
	case OPT_WARN:
		if (!parse_number(arg, 0, 100, &t->warn))
			argp_error(state, "invalid percentage: '%s'", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int top_command(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "batch", 'b', NULL, 0,
		  "Print a table to stdout for each update, for scripts and logs", 0 },
		{ "delay", 'd', "SECONDS", 0,
		  "Time from one update to the next (3); it can have a fraction", 0 },
		{ "iterations", 'n', "N", 0, "End after N updates", 0 },
		{ "json", OPT_JSON, NULL, 0,
		  "JSON: an object on a line for each update; includes --batch", 0 },
		{ "kilobytes", 'k', NULL, 0, "Sizes in kB, instead of a suitable unit", 0 },
		{ "lines", 'l', "N", 0,
		  "Maximum of lines in the table; 0, the default, for no limit", 0 },
		{ "sort", 'o', "COLUMN", 0,
		  "Sort by this column (vmas); a - before it reverses the order", 0 },
		{ "pid", 'p', "PID[,PID...]", 0, "Only these processes; may be repeated", 0 },
		{ "warn", OPT_WARN, "PERCENT", 0,
		  "Mark and count processes above PERCENT of the limit (85)", 0 },
		{}
	};
	static const struct argp_child children[] = {
		{ &help_argp, 0, NULL, 0 }, { &colour_argp, 0, NULL, 0 }, { }
	};
	static const struct argp argp = {
		.children = children,
		.options = options,
		.parser = parse,
		.doc = "The processes that are nearest to vm.max_map_count, the limit of VMAs.\n"
		       "A process that reaches it gets ENOMEM, however much memory is free.\n"
		       "\vThe keys are those of top(1); h shows them. Without the module, top\n"
		       "counts the lines of each /proc/PID/maps, which takes far longer and\n"
		       "delays processes that map memory. Other users than root see only their\n"
		       "own processes then.\n",
	};
	struct top t = { .delay = 3, .sort = VMAS, .warn = 85 };

	argp_parse(&argp, argc, argv, 0, NULL, &t);
	if (t.batch)
		batch(&t);
	else
		interactive(&t);
	procs_free(&t.now);
	procs_free(&t.before);
	free(t.rows);
	free(t.pids);
	return EXIT_SUCCESS;
}
