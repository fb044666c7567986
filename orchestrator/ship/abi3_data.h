#pragma once

/* The stable ABI as data, by strcmp (abi3_data.c, made by abi3_import.py). */
typedef struct abi3_name {
	const char *name;
	unsigned char since; /* Python 3.N */
} abi3_name;

extern const abi3_name abi3_names[];
extern const unsigned abi3_count;
