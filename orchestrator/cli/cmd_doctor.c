#include "base/error.h"
#include "cli/doctor.h"
#include "cli/output.h"
#include "cli/verbs.h"

static const char *const state_names[] = {"ok", "note", "less", "missing"};
static const char *const state_marks[] = {"ok     ", "note   ", "less   ", "MISSING"};

static void check_free(void *data)
{
	doctor_check *c = data;

	g_free(c->text);
	g_free(c->help);
	g_free(c);
}

void doctor_add(GPtrArray *checks, const char *name, doctor_state state, char *text,
	const char *help)
{
	doctor_check *c = g_new0(doctor_check, 1);

	*c = (doctor_check){name, state, text, doctor_host_help(help)};
	g_ptr_array_add(checks, c);
}

static void show(const doctor_check *c)
{
	output_line("%s  %-11s  %s", state_marks[c->state], c->name, c->text);
	if (c->help)
		output_line("                        = help: %s", c->help);
}

static json_t *as_json(const doctor_check *c)
{
	json_t *o = json_pack("{s:s, s:s, s:s}", "check", c->name, "state",
		state_names[c->state], "text", c->text);

	if (c->help)
		json_object_set_new(o, "help", json_string(c->help));
	return o;
}

int cmd_doctor(const options *o, char **args, GError **err)
{
	g_autoptr(GPtrArray) checks = g_ptr_array_new_with_free_func(check_free);
	json_t *pythons = json_array();
	int code = EXIT_DONE;

	(void)args;
	(void)err;
	doctor_machine(checks);
	doctor_host(checks);
	doctor_programs(checks);
	doctor_compiler_cache(checks, o);
	doctor_tools(checks);
	doctor_sandbox(checks);
	doctor_cache(checks, o);
	doctor_pythons(checks, o, pythons);
	doctor_registries(checks);
	doctor_environment(checks);
	json_t *list = json_array();
	for (guint i = 0; i < checks->len; i++) {
		const doctor_check *c = g_ptr_array_index(checks, i);
		if (c->state == DOCTOR_MISSING)
			code = EXIT_HOST;
		json_array_append_new(list, as_json(c));
		if (!o->json)
			show(c);
	}
	json_t *all = json_pack("{s:i, s:b, s:o, s:o}", "v", 1, "ok", code == EXIT_DONE,
		"checks", list, "pythons", pythons);
	if (o->json)
		output_json(all);
	else
		json_decref(all);
	return code;
}
