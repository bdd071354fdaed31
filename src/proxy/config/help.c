/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/help.h"

#include "proxy/config/option_table.h"
#include "proxy/config/option_value.h"

static void print_option(FILE *out, const struct option *option)
{
    const char *quote = option->type == OPTION_STRING || option->type == OPTION_CHOICE ? "\"" : "";
    const char *c;
    char text[128];

    fputs("\n    # ", out);
    for (c = option->help; *c; c++)
        fputs(*c == '\n' ? "\n    # " : (char[]){*c, '\0'}, out);
    if (option->type != OPTION_STRING)
        fprintf(out, "\n    # Allowed: %s.", option_allowed(option, text, sizeof(text)));
    if (option->reloadable)
        fputs("\n    # A change takes effect on reload (systemctl reload tbproxyd).", out);
    fprintf(out, "\n    # %s = %s%s%s;\n", option->name, quote, option->initial, quote);
}

void config_print_help(FILE *out)
{
    size_t i;

    fputs("# tbproxyd.conf: every option, with its default. To set an option, remove the \"# \" before it.\n"
          "# A section may appear more than once. Check the file with tbproxyd --check-config.\n",
          out);
    for (i = 0; i < option_count; i++) {
        if (i == 0 || strcmp(options[i].section, options[i - 1].section) != 0)
            fprintf(out, "%s\n%s = {\n", i ? "};\n" : "", options[i].section);
        print_option(out, &options[i]);
    }
    fputs("};\n", out);
}
