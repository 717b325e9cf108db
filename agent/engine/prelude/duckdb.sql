-- The few functions that the SQL bodies need and engines spell differently. Nothing else differs per engine.
create macro idiv(a, b) as cast(cast(a as hugeint) // cast(b as hugeint) as decimal(38, 0));
create macro muldiv(a, b, c) as cast((cast(a as hugeint) * cast(b as hugeint)) // cast(c as hugeint) as decimal(38, 0));
create macro units(a) as cast(a as decimal(38, 0));
create macro day_after(d) as cast(d + 1 as date);
create macro day_count(first_day, end_day) as cast(date_diff('day', first_day, end_day) as decimal(38, 0));
create macro joined(a, b) as concat(a, chr(1), b);
