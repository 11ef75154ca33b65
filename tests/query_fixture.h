/* SPDX-License-Identifier: GPL-2.0 */
/* The fixture of the tests of PROCMAP_QUERY */
#ifndef QUERY_FIXTURE_H
#define QUERY_FIXTURE_H

#include "query.h"
#include "vmainfo_test.h"

FIXTURE(query)
{
	struct target target;
	struct world world;
	struct fds fds;
};

FIXTURE_SETUP(query)
{
	FATAL_IS_ASSERT();
	make_arena();
	know_id(own_path(), id_in_file("/proc/self/exe"), ID_MAX);
	know_id("/memfd:query.elf64 (deleted)", some_id, ID_MAX);
	know_id("/memfd:query.elf32 (deleted)", some_id, 7);
	target_start(&self->target, query_init, NULL);
	self->world = load_world(self->target.pid);
	self->fds = open_fds(self->target.pid);
}

FIXTURE_TEARDOWN(query)
{
	target_end(&self->target);
	unlink(PLAIN);
	unlink(STRANGE);
}

#endif
