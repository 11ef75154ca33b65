/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The version of the module, the program and their packages.
 * scripts/package-test compares what cannot include this file.
 */
#ifndef VMAINFO_VERSION_H
#define VMAINFO_VERSION_H

#define VMAINFO_RELEASE "0.1.0"

#endif /* VMAINFO_VERSION_H */
