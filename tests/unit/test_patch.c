#include "build/patch.h"
#include "base/error.h"

static void names(void)
{
	static const struct {
		const char *text;
		gboolean fine;
	} rows[] = {
		{"--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n", TRUE},
		{"--- /dev/null\n+++ b/x.c\n@@ -0,0 +1 @@\n+b\n", TRUE},
		{"--- a/x.c\n+++ b/../../etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", FALSE},
		{"--- a/x.c\n+++ /etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", FALSE},
		{"diff --git a/x b/x\nrename from x\nrename to ../x\n", FALSE},
		/* a removed line that begins with "-- /" is no header */
		{"--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1 @@\n--- /comment\n a\n", TRUE},
		{"--- a/x.sql\n+++ b/x.sql\n@@ -1 +1 @@\n-a\n+b\n--- /x\n", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		g_assert_cmpint(patch_check_names(rows[i].text, "p.patch", &err), ==,
			rows[i].fine);
		if (!rows[i].fine)
			g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/patch/Y17-names", names);
	return g_test_run();
}
