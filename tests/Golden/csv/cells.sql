-- The cells of cells.json and cells.csv, with their types.
select column1 as id, column2 as integer, column3 as real, column4 as text, column5 as blob
from (values
  (1, 9223372036854775807, 0.1, 'plain', x'00ff'),
  (2, null, null, null, null),
  (3, -1, 0.30000000000000004, '', x''),
  (4, 0, 1.7976931348623157e308, 'a,b', x'ff'),
  (5, 0, 9e999, 'say "hi"', x'ff'),
  (6, 0, -2.5, 'two' || char(13, 10) || 'lines', x'ff'),
  (7, 0, 0.00001, char(13), x'ff'),
  (8, 0, 2.0, ' spaces ', x'ff'),
  (9, 0, 2.0, '=1+1', x'ff'),
  (10, 0, 2.0, 'λ é 😀 ±', x'ff'))
