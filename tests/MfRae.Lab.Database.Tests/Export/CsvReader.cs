using System.Text;

namespace MfRae.Lab.Database.Tests.Export;

/// <summary>Reads RFC 4180 letter by letter; a field that was not quoted and is empty is null.</summary>
internal static class CsvReader
{
    public static List<List<string?>> Read(string text)
    {
        var rows = new List<List<string?>>();
        var (row, field, quoted) = (new List<string?>(), new StringBuilder(), false);
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"' when field.Length == 0 && !quoted:
                    quoted = true;
                    for (i++; text[i] != '"' || (i + 1 < text.Length && text[i + 1] == '"'); i++)
                    {
                        field.Append(text[i]);
                        i += text[i] == '"' ? 1 : 0;
                    }

                    break;
                case ',' or '\r':
                    row.Add(field.Length == 0 && !quoted ? null : field.ToString());
                    (field, quoted) = (new(), false);
                    if (text[i] == '\r')
                    {
                        text[++i].Should().Be('\n');
                        rows.Add(row);
                        row = [];
                    }

                    break;
                default:
                    field.Append(text[i]);
                    break;
            }
        }

        row.Should().BeEmpty("the last line ends too");
        return rows;
    }
}
