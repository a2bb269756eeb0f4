"""The JSON that commands print: the type of every object, and what each key means. `rfcalc schema --of COMMAND` prints them."""
