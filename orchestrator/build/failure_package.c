#include "build/failure.h"
#include "plan/known_library.h"
#include <string.h>

/* Names that builds look for, blank-separated, and the Debian package they come from:
 * other names than those of plan/known_library.c, which come next.
 * A header matches by its whole name or by its first folder; libraries stand without
 * lib and -l. Only what is unmistakable. */
static const struct {
	const char *names, *package;
} rows[] = {
	{"libxml/ libxml-2.0 xml2 libxml2", "libxml2-dev"},
	{"libxslt/ libexslt/ libxslt libexslt xslt exslt", "libxslt1-dev"},
	{"ffi.h libffi ffi", "libffi-dev"},
	{"openssl/ openssl libssl libcrypto ssl crypto OpenSSL", "libssl-dev"},
	{"zlib.h zconf.h zlib z ZLIB", "zlib1g-dev"},
	{"bzlib.h bz2 bzip2 BZip2", "libbz2-dev"},
	{"lzma.h lzma liblzma LibLZMA", "liblzma-dev"},
	{"zstd.h libzstd zstd", "libzstd-dev"},
	{"lz4.h liblz4 lz4", "liblz4-dev"},
	{"snappy.h snappy", "libsnappy-dev"},
	{"brotli/ libbrotlidec libbrotlienc libbrotlicommon", "libbrotli-dev"},
	{"yaml.h yaml-0.1 yaml", "libyaml-dev"},
	{"libpq-fe.h libpq pq PostgreSQL pg_config", "libpq-dev"},
	{"mysql.h mysqlclient mariadb libmariadb mysql_config", "libmariadb-dev"},
	{"sqlite3.h sqlite3 SQLite3", "libsqlite3-dev"},
	{"sql.h sqlext.h odbc", "unixodbc-dev"},
	{"ldap.h lber.h ldap", "libldap2-dev"},
	{"sasl/ sasl2 libsasl2", "libsasl2-dev"},
	{"gssapi.h gssapi/ krb5.h krb5 krb5-gssapi gssapi_krb5", "libkrb5-dev"},
	{"curl/ libcurl curl CURL", "libcurl4-openssl-dev"},
	{"jpeglib.h libjpeg jpeg JPEG", "libjpeg-dev"},
	{"png.h libpng libpng16 png PNG", "libpng-dev"},
	{"tiff.h tiffio.h libtiff-4 tiff TIFF", "libtiff-dev"},
	{"webp/ libwebp webp", "libwebp-dev"},
	{"freetype/ ft2build.h freetype2 freetype Freetype", "libfreetype-dev"},
	{"lcms2.h lcms2", "liblcms2-dev"},
	{"cairo.h cairo/ cairo", "libcairo2-dev"},
	{"glib.h glib-2.0/ glib-2.0 gobject-2.0 gio-2.0", "libglib2.0-dev"},
	{"girepository.h gobject-introspection-1.0", "libgirepository1.0-dev"},
	{"dbus/ dbus-1", "libdbus-1-dev"},
	{"systemd/ libsystemd systemd", "libsystemd-dev"},
	{"libudev.h libudev udev", "libudev-dev"},
	{"libusb.h libusb-1.0 libusb-1.0/ usb-1.0", "libusb-1.0-0-dev"},
	{"alsa/ alsa asound", "libasound2-dev"},
	{"portaudio.h portaudio-2.0 portaudio", "portaudio19-dev"},
	{"sndfile.h sndfile", "libsndfile1-dev"},
	{"gmp.h gmp", "libgmp-dev"},
	{"mpfr.h mpfr", "libmpfr-dev"},
	{"mpc.h mpc", "libmpc-dev"},
	{"sodium.h libsodium sodium", "libsodium-dev"},
	{"zmq.h libzmq zmq ZeroMQ", "libzmq3-dev"},
	{"hdf5.h hdf5 HDF5", "libhdf5-dev"},
	{"cblas.h openblas OpenBLAS", "libopenblas-dev"},
	{"lapack lapacke.h LAPACK", "liblapack-dev"},
	{"fftw3.h fftw3 fftw3f", "libfftw3-dev"},
	{"geos_c.h geos geos_c", "libgeos-dev"},
	{"proj.h proj PROJ", "libproj-dev"},
	{"pcap.h pcap libpcap", "libpcap-dev"},
	{"expat.h expat EXPAT", "libexpat1-dev"},
	{"readline/ readline", "libreadline-dev"},
	{"ncurses.h curses.h ncurses ncursesw", "libncurses-dev"},
	{"uuid/ uuid", "uuid-dev"},
	{"magic.h magic", "libmagic-dev"},
	{"git2.h libgit2 git2", "libgit2-dev"},
	{"libssh2.h libssh2 ssh2", "libssh2-1-dev"},
	{"event.h event2/ libevent", "libevent-dev"},
	{"ev.h ev", "libev-dev"},
	{"uv.h libuv uv", "libuv1-dev"},
	{"ares.h libcares cares", "libc-ares-dev"},
	{"archive.h libarchive archive", "libarchive-dev"},
	{"augeas.h augeas", "libaugeas-dev"},
	{"gdbm.h gdbm", "libgdbm-dev"},
	{"db.h db_cxx.h", "libdb-dev"},
	{"boost/ Boost", "libboost-dev"},
	{"Eigen/ eigen3 Eigen3", "libeigen3-dev"},
	{"xmlsec/ xmlsec1 xmlsec1-openssl", "libxmlsec1-dev"},
	{"acl/ sys/acl.h acl", "libacl1-dev"},
	{"sys/capability.h cap libcap", "libcap-dev"},
	{"security/pam_appl.h pam", "libpam0g-dev"},
	{"X11/ x11 X11", "libx11-dev"},
	{"GL/ gl GL OpenGL", "libgl-dev"},
	{"SDL.h SDL2/ sdl2 SDL2", "libsdl2-dev"},
	{"gpgme.h gpgme", "libgpgme-dev"},
	{"attr/ sys/xattr.h attr", "libattr1-dev"},
};

const char *failure_package_of(const char *subject)
{
	const char *slash = subject ? strchr(subject, '/') : NULL;
	g_autofree char *folder =
		slash ? g_strndup(subject, (gsize)(slash - subject) + 1) : NULL;

	for (guint i = 0; subject && i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) names = g_strsplit(rows[i].names, " ", -1);
		const char *const *list = (const char *const *)names;
		if (g_strv_contains(list, subject) ||
			(folder && g_strv_contains(list, folder)))
			return rows[i].package;
	}
	return failure_known_package_of(subject);
}

const char *failure_known_package_of(const char *subject)
{
	const known_library *k = subject ? known_library_by_header(subject) : NULL;

	if (subject && !k)
		k = known_library_by_name(subject);
	return k ? k->deb : NULL;
}
