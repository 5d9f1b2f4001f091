using System.Text.Json;
using MfRae.Lab.Database.Export;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.TestSupport;

namespace MfRae.Lab.Database.Tests.Export;

public sealed class CsvRowWriterTests
{
    [Fact]
    public void A_file_holds_the_bytes_of_the_golden_file()
    {
        using var lab = new Support.Lab();
        using var database = LabDatabase.OpenOrCreate(lab.Path);
        var cells = new RunQueries(database).Query(File.ReadAllText(Repository.File("tests/Golden/csv/cells.sql")));
        var path = Path.Combine(lab.Folder, "cells.csv");

        using (var writer = new CsvRowWriter(new StreamWriter(path), cells.Columns))
        {
            foreach (var row in cells.Rows)
            {
                writer.Write(row);
            }

            writer.Finish();
            writer.FormulaCells.Should().Be(2, "one string begins with = and one with CR");
        }

        File.ReadAllBytes(path).Should().Equal(File.ReadAllBytes(Repository.File("tests/Golden/csv/cells.csv")));
    }

    [Fact]
    public void DuckDB_reads_the_golden_file_as_its_cells()
    {
        var expected = JsonSerializer.Deserialize<List<List<string?>>>(File.ReadAllText(Repository.File("tests/Golden/csv/cells.json")))!;

        var (columns, rows) = DuckDb.Csv(Repository.File("tests/Golden/csv/cells.csv"));

        columns.Should().Equal(expected[0]);
        rows.Should().BeEquivalentTo(expected.Skip(1), options => options.WithStrictOrdering());
    }

    [Fact]
    public void A_table_of_one_column_distinguishes_null_and_an_empty_string()
    {
        var text = new StringWriter();

        CsvRowWriter.WriteTable(text, ["note"], [["a"], [null], [""], [null]]);

        text.ToString().Should().Be("note\r\na\r\n\r\n\"\"\r\n\r\n");
    }

    [Fact]
    public void A_cell_of_another_type_is_an_error()
    {
        var act = () => CsvRowWriter.WriteTable(TextWriter.Null, ["when"], [[DateTime.UnixEpoch]]);

        act.Should().Throw<InvalidOperationException>().WithMessage("*System.DateTime*");
    }
}
