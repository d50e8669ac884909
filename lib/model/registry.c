#include "model/family.h"

#include <string.h>

#include "base/die.h"

#define FAMILY(name) extern const struct family family_##name;
#include "model/families.def"
#undef FAMILY

const struct family *const families[] = {
#define FAMILY(name) &family_##name,
#include "model/families.def"
#undef FAMILY
	NULL
};

const struct family *family_find(const char *name)
{
	for (size_t i = 0; families[i]; i++)
		if (strcmp(families[i]->name, name) == 0)
			return families[i];
	return NULL;
}

void family_must_take(const struct family *f, unsigned takes, const char *what)
{
	struct str list = { 0 };
	if (f->takes & takes)
		return;
	for (size_t i = 0; families[i]; i++)
		if (families[i]->fit && (families[i]->takes & takes))
			str_printf(&list, "%s%s", list.n ? ", " : "; these do: ", families[i]->name);
	die(ST_USAGE, "the family %s does not take %s%s", f->name, what, list.n ? list.s : "");
}
