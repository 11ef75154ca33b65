/* SPDX-License-Identifier: GPL-2.0 */
/* The version of the module, the program and their packages: this is the one place. */
#ifndef VMAINFO_VERSION_H
#define VMAINFO_VERSION_H

#define VMAINFO_RELEASE "0.1.0"

#endif /* VMAINFO_VERSION_H */
