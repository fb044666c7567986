/* What is read of the maps that linkers write: lines as lld 19 and GNU ld 2.40 have
 * them. */
#include "format/link_map.h"
#include <string.h>

#define LLD "             VMA              LMA     Size Align Out     In      Symbol\n"
#define GNU "\nLinker script and memory map\n\n"

static void parsed(const char *text, const char *layout, const char *archives)
{
	g_autoptr(link_map) map = link_map_parse(text, strlen(text));

	g_ptr_array_add(map->archives, NULL);
	g_autofree char *got = g_strjoinv(" ", (char **)map->archives->pdata);
	g_assert_cmpstr(map->layout, ==, layout);
	g_assert_cmpstr(got, ==, archives);
}

static void lld(void)
{
	parsed(LLD "             2ec              2ec       30     8 .dynsym\n"
		   "             2ec              2ec       30     8         "
		   "<internal>:(.dynsym)\n"
		   "           12600            12600     2404    16 .text\n"
		   "           12600            12600       28     4         "
		   "/x/a-1.o:(.text)\n"
		   "           12600            12600        4     1                 f\n"
		   "           12640            12640      100     4         "
		   "/x/lib (1)/libstdc++.a(fs_path.o):(.text._Z(1))\n"
		   "           12740            12740      100     4         "
		   "/x/lib (1)/libstdc++.a(string-inst.o):(.text)\n"
		   "           12840            12840        0     4         "
		   "/x/libempty.a(none.o):(.text)\n"
		   "           24f00            24f00        0     1 .tm_clone_table\n"
		   "           24f00            24f00        2     1 .bss\n"
		   "           24f00            24f00        2     1         "
		   "/x/libgcc.a(lse-init.o):(.bss)\n"
		   "               0                0       6a     1 .comment\n"
		   "               0                0       6a     1         "
		   "/x/libnote.a(note.o):(.comment)\n",
		".bss 2\n.dynsym 48\n.text 9220", "/x/lib (1)/libstdc++.a /x/libgcc.a");
	/* a table of unwinding whose function went is no code */
	parsed(LLD "    100     100       40     4 .eh_frame\n"
		   "    100     100       40     4         /x/libz.a(z.o):(.eh_frame)\n",
		".eh_frame 64", "");
}

static void gnu(void)
{
	parsed("Archive member included to satisfy reference by file (symbol)\n\n"
	       "/x/libgone.a(gone.o)\n                              /x/a.o (gone)\n"
	       "\nDiscarded input sections\n\n"
	       " .text          0x0000000000000000       0x40 /x/libgone.a(gone.o)\n" GNU
	       "LOAD /x/crti.o\nSTART GROUP\n"
	       "                0x00000000000001c8                . = SIZEOF_HEADERS\n\n"
	       ".note.gnu.build-id\n"
	       "                0x00000000000001c8       0x24\n"
	       " .note.gnu.build-id\n"
	       "                0x00000000000001c8       0x24 /x/libn.a(crti.o)\n\n"
	       ".hash\n *(.hash)\n\n"
	       ".text           0x0000000000000540      0xd00\n"
	       " *(.text.unlikely .text.*_unlikely)\n"
	       " *fill*         0x0000000000000540       0x10 \n"
	       " .text          0x0000000000000540        0x0 /x/libempty.a(e.o)\n"
	       " .text          0x0000000000000550       0x20 /x/libgcc.a(_divdi3.o)\n"
	       "                0x0000000000000550                __divdi3\n"
	       " .text._ZN9long_name\n"
	       "                0x0000000000000570       0x20 /x/libc_n.a(at exit.oS)\n\n"
	       ".comment        0x0000000000000000       0x1f\n"
	       " .comment       0x0000000000000000       0x1f /x/libnote.a(n.o)\n",
		".note.gnu.build-id 36\n.text 3328", "/x/libgcc.a /x/libc_n.a");
}

static void damaged(void)
{
	static const char *const texts[] = {"", "\n", "nothing", GNU, LLD,
		LLD "    100     100       40     4 ", LLD "   100   100", GNU ".text 0x",
		GNU ".text 0x1 0x", GNU " .t 0x1 0x1 (", GNU "\xff\xff 0x1 0x"};

	for (gsize n = 0; n < G_N_ELEMENTS(texts); n++) {
		g_autoptr(link_map) map = link_map_parse(texts[n], strlen(texts[n]));
		g_assert_cmpuint(map->archives->len, ==, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/link-map/lld", lld);
	g_test_add_func("/link-map/gnu", gnu);
	g_test_add_func("/link-map/damaged", damaged);
	return g_test_run();
}
