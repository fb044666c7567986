#include "plan/known_library.h"
#include "base/words.h"
#include <string.h>

/* Names as in bullseye. */
const known_library known_libraries[] = {
	{"freetds-dev", "sybdb freetds", "sybdb.h sybfront.h", "libsybdb"},
	{"libacl1-dev", "acl libacl", "sys/acl.h", "libacl"},
	{"libarchive-dev", "archive libarchive", "archive.h", "libarchive"},
	{"libasound2-dev", "asound alsa", "alsa/", "libasound"},
	{"libattr1-dev", "attr libattr", "attr/", "libattr"},
	{"libaugeas-dev", "augeas", "augeas.h", "libaugeas"},
	{"libbluetooth-dev", "bluetooth bluez", "bluetooth/", "libbluetooth"},
	{"libbz2-dev", "bz2 bzip2 bzip2-sys", "bzlib.h", "libbz2"},
	{"libc-ares-dev", "cares libcares c-ares", "ares.h", "libcares"},
	{"libcairo2-dev", "cairo", "cairo.h cairo/", "libcairo"},
	{"libcap-dev", "cap libcap", "sys/capability.h", "libcap"},
	{"libcec-dev", "cec libcec", "libcec/", "libcec"},
	{"libcups2-dev", "cups", "cups/", "libcups"},
	{"libcurl4-openssl-dev", "curl libcurl curl-sys", "curl/", "libcurl"},
	{"libdbus-1-dev", "dbus-1 libdbus-sys", "dbus/", "libdbus-1"},
	{"libelf-dev", "elf libelf", "libelf.h gelf.h", "libelf"},
	{"libev-dev", "ev libev", "ev.h", "libev"},
	{"libevent-dev", "event libevent", "event2/", "libevent"},
	{"libexpat1-dev", "expat", "expat.h", "libexpat"},
	{"libffi-dev", "ffi libffi libffi-sys", "ffi.h", "libffi"},
	{"libfftw3-dev", "fftw3 fftw3f fftw3l", "fftw3.h", "libfftw3 libfftw3f"},
	{"libfreetype6-dev", "freetype freetype2 freetype-sys", "ft2build.h freetype/",
		"libfreetype"},
	{"libfuse3-dev", "fuse3", "fuse3/", "libfuse3"},
	{"libgdbm-dev", "gdbm", "gdbm.h", "libgdbm"},
	{"libgeos-dev", "geos geos_c geos-sys", "geos_c.h", "libgeos libgeos_c"},
	{"libgirepository1.0-dev", "gobject-introspection-1.0", "girepository.h",
		"libgirepository-1.0"},
	{"libgit2-dev", "git2 libgit2 libgit2-sys", "git2.h git2/", "libgit2"},
	{"libglib2.0-dev", "glib-2.0 gobject-2.0 gio-2.0", "glib.h glib-object.h", ""},
	{"libgmp-dev", "gmp", "gmp.h", "libgmp"},
	{"libgpgme-dev", "gpgme", "gpgme.h", "libgpgme"},
	{"libgphoto2-dev", "gphoto2 libgphoto2 gphoto2_port libgphoto2_port", "gphoto2/",
		"libgphoto2"},
	{"libgpiod-dev", "gpiod libgpiod", "gpiod.h", "libgpiod"},
	{"libgsl-dev", "gsl", "gsl/", "libgsl"},
	{"libhdf5-dev", "hdf5", "hdf5.h", "libhdf5"},
	{"libhidapi-dev", "hidapi hidapi-libusb", "hidapi.h hidapi/",
		"libhidapi-libusb libhidapi-hidraw"},
	{"libhunspell-dev", "hunspell hunspell-1.7", "hunspell/", "libhunspell-1.7"},
	{"libi2c-dev", "i2c", "i2c/", "libi2c"},
	{"libiw-dev", "iw", "iwlib.h", "libiw"},
	{"libjpeg62-turbo-dev", "jpeg libjpeg", "jpeglib.h", "libjpeg"},
	{"libkmod-dev", "kmod libkmod", "libkmod.h", "libkmod"},
	{"libkrb5-dev", "krb5 gssapi_krb5 krb5-gssapi libgssapi-sys",
		"gssapi/ gssapi.h krb5.h", "libgssapi_krb5 libkrb5"},
	{"liblcms2-dev", "lcms2", "lcms2.h", "liblcms2"},
	{"libldap2-dev", "ldap lber ldap_r", "ldap.h lber.h", "libldap liblber"},
	{"libleptonica-dev", "lept leptonica", "leptonica/", "liblept"},
	{"libleveldb-dev", "leveldb", "leveldb/", "libleveldb"},
	{"liblirc-dev", "lirc_client", "lirc/", "liblirc_client"},
	{"liblmdb-dev", "lmdb", "lmdb.h", "liblmdb"},
	{"liblz4-dev", "lz4 liblz4", "lz4.h lz4frame.h", "liblz4"},
	{"liblzma-dev", "lzma liblzma lzma-sys", "lzma.h", "liblzma"},
	{"liblzo2-dev", "lzo2", "lzo/", "liblzo2"},
	{"libmagic-dev", "magic", "magic.h", "libmagic"},
	{"libmariadb-dev", "mariadb mysqlclient libmariadb", "mysql.h mysql/",
		"libmariadb libmysqlclient"},
	{"libmemcached-dev", "memcached libmemcached", "libmemcached/", "libmemcached"},
	{"libmpc-dev", "mpc", "mpc.h", "libmpc"},
	{"libmpfr-dev", "mpfr", "mpfr.h", "libmpfr"},
	{"libnetfilter-queue-dev", "netfilter_queue libnetfilter_queue",
		"libnetfilter_queue/", "libnetfilter_queue"},
	{"libnfnetlink-dev", "nfnetlink libnfnetlink", "libnfnetlink/", "libnfnetlink"},
	{"libopenblas-dev", "openblas", "cblas.h", "libopenblas"},
	{"libopenjp2-7-dev", "openjp2 libopenjp2", "openjpeg.h", "libopenjp2"},
	{"libopus-dev", "opus", "opus/", "libopus"},
	{"libpam0g-dev", "pam", "security/", "libpam"},
	{"libpcap-dev", "pcap libpcap", "pcap.h pcap/", "libpcap"},
	{"libpcre2-dev", "pcre2 pcre2-8 libpcre2-8", "pcre2.h", "libpcre2-8"},
	{"libpcsclite-dev", "pcsclite libpcsclite", "PCSC/ winscard.h", "libpcsclite"},
	{"libpng-dev", "png libpng png16", "png.h", "libpng16"},
	{"libpoppler-cpp-dev", "poppler-cpp", "poppler/", "libpoppler-cpp"},
	{"libportmidi-dev", "portmidi", "portmidi.h", "libportmidi"},
	{"libpq-dev", "pq libpq pq-sys postgresql", "libpq-fe.h", "libpq"},
	{"libproj-dev", "proj", "proj.h proj_api.h", "libproj"},
	{"libqpdf-dev", "qpdf libqpdf", "qpdf/", "libqpdf"},
	{"librdkafka-dev", "rdkafka", "librdkafka/", "librdkafka"},
	{"libre2-dev", "re2", "re2/", "libre2"},
	{"librrd-dev", "rrd librrd", "rrd.h", "librrd"},
	{"libsasl2-dev", "sasl2 libsasl2", "sasl/", "libsasl2"},
	{"libsdl2-dev", "sdl2", "SDL2/ SDL.h", "libSDL2-2.0"},
	{"libseccomp-dev", "seccomp libseccomp", "seccomp.h", "libseccomp"},
	{"libselinux1-dev", "selinux libselinux", "selinux/", "libselinux"},
	{"libsmbclient-dev", "smbclient", "libsmbclient.h", "libsmbclient"},
	{"libsnappy-dev", "snappy", "snappy.h snappy-c.h", "libsnappy"},
	{"libsndfile1-dev", "sndfile", "sndfile.h", "libsndfile"},
	{"libsodium-dev", "sodium libsodium libsodium-sys", "sodium.h", "libsodium"},
	{"libsqlite3-dev", "sqlite3 libsqlite3-sys", "sqlite3.h", "libsqlite3"},
	{"libsrtp2-dev", "srtp2 libsrtp2", "srtp2/", "libsrtp2"},
	{"libssh-dev", "ssh libssh", "libssh/", "libssh"},
	{"libssh2-1-dev", "ssh2 libssh2 libssh2-sys", "libssh2.h", "libssh2"},
	{"libssl-dev", "ssl crypto openssl libssl libcrypto openssl-sys", "openssl/",
		"libssl libcrypto"},
	{"libsystemd-dev", "systemd libsystemd", "systemd/", "libsystemd"},
	{"libtag1-dev", "tag taglib", "taglib/", "libtag"},
	{"libtesseract-dev", "tesseract", "tesseract/", "libtesseract"},
	{"libtiff-dev", "tiff libtiff-4", "tiffio.h", "libtiff"},
	{"libudev-dev", "udev libudev libudev-sys", "libudev.h", "libudev"},
	{"libusb-1.0-0-dev", "usb-1.0 libusb-1.0 libusb1-sys", "libusb.h libusb-1.0/",
		"libusb-1.0"},
	{"libuv1-dev", "uv libuv", "uv.h", "libuv"},
	{"libvirt-dev", "virt libvirt", "libvirt/", "libvirt"},
	{"libvpx-dev", "vpx", "vpx/", "libvpx"},
	{"libwebp-dev", "webp libwebp webpmux", "webp/", "libwebp libwebpmux"},
	{"libxml2-dev", "xml2 libxml2 libxml-2.0", "libxml/", "libxml2"},
	{"libxmlsec1-dev", "xmlsec1 xmlsec1-openssl", "xmlsec/", "libxmlsec1"},
	{"libxslt1-dev", "xslt exslt libxslt libexslt", "libxslt/ libexslt/",
		"libxslt libexslt"},
	{"libyaml-dev", "yaml yaml-0.1", "yaml.h", "libyaml-0"},
	{"libzmq3-dev", "zmq libzmq", "zmq.h", "libzmq"},
	{"libzstd-dev", "zstd libzstd", "zstd.h", "libzstd"},
	{"portaudio19-dev", "portaudio portaudio-2.0", "portaudio.h", "libportaudio"},
	{"unixodbc-dev", "odbc odbc-sys", "sqlext.h", "libodbc"},
	{"uuid-dev", "uuid", "uuid/uuid.h", "libuuid"},
	{"zlib1g-dev", "z zlib libz-sys", "zlib.h", "libz"},
	{0},
};

const known_library *known_library_by_name(const char *name)
{
	g_autofree char *lower = g_ascii_strdown(name, -1);

	for (const known_library *h = known_libraries; h->deb; h++)
		if (words_have(h->names, lower))
			return h;
	return NULL;
}

const known_library *known_library_by_header(const char *header)
{
	const char *slash = strchr(header, '/');
	g_autofree char *folder =
		slash ? g_strndup(header, (gsize)(slash - header) + 1) : NULL;

	for (const known_library *h = known_libraries; h->deb; h++)
		if (words_have(h->headers, header) ||
			(folder && words_have(h->headers, folder)))
			return h;
	return NULL;
}

const known_library *known_library_by_soname(const char *file)
{
	const char *end = strstr(file, ".so");
	g_autofree char *stem = end ? g_strndup(file, (gsize)(end - file)) : NULL;

	if (!stem)
		return NULL;
	/* auditwheel puts eight digits of a hash behind the name. */
	char *dash = strrchr(stem, '-');
	if (dash && strlen(dash + 1) == 8 && strspn(dash + 1, "0123456789abcdef") == 8)
		*dash = '\0';
	for (const known_library *h = known_libraries; h->deb; h++)
		if (words_have(h->sonames, stem))
			return h;
	return NULL;
}
