#include "format/cargo_manifest.h"

#define HEAD "[package]\nname = \"a\"\n[dependencies]\n"

static void tells_the_abi(void)
{
	static const struct {
		const char *text;
		int minor; /* -1: not the stable ABI */
	} rows[] = {
		{HEAD "pyo3 = { version = \"0.21\", features = [\"abi3-py38\"] }\n", 8},
		{HEAD "pyo3 = { features = [\n  \"abi3\",\n  \"abi3-py310\",\n] }\n", 10},
		{HEAD "pyo3 = { features = [\"extension-module\", \"abi3\"] }\n", 0},
		{HEAD "pyo3 = \"0.21\"\nother = { features = [\"abi3\"] }\n", -1},
		{HEAD "[dependencies.pyo3]\nversion = \"0.21\"\nfeatures = "
		      "[\"abi3-py37\"]\n",
			7},
		{HEAD "[dependencies.pyo3]\nversion = \"0.21\"\n[features]\nabi3 = "
		      "[\"pyo3/"
		      "abi3\"]\n",
			-1},
		{HEAD "pyo3 = \"0.21\"\n[features]\ndefault = [\"pyo3/abi3-py39\"]\n", 9},
		{HEAD "pyo3 = \"0.21\"\n[features]\ndefault = [\"x\", \"stable\"]\n"
		      "x = []\nstable = [\"pyo3/abi3-py311\"]\n",
			11},
		{HEAD "pyo3 = \"0.21\"\n[features]\ndefault = []\n"
		      "stable = [\"pyo3/abi3-py311\"]\n",
			-1},
		{"", -1},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint minor = 99;
		gboolean stable = cargo_manifest_abi3(rows[i].text, &minor);
		if (stable != (rows[i].minor >= 0) ||
			(stable && (int)minor != rows[i].minor))
			g_error("%s: %d, 3.%u", rows[i].text, stable, minor);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cargo-manifest/abi3", tells_the_abi);
	return g_test_run();
}
