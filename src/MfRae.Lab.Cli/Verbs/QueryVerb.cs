using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Answers SQL that only reads.</summary>
public sealed class QueryVerb(Terminal terminal, Places places)
{
    private const int LongestMessage = 4_000;

    public int Execute(string sql, QueryFormat format, int limit)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        QueryResult result;
        try
        {
            result = new RunQueries(database).Query(sql, limit);
        }
        catch (LabException error)
        {
            // The database is open: what is wrong now is the query.
            terminal.Error.WriteLine(PrintableText.Shortened(error.Message, LongestMessage));
            return ExitCode.Usage;
        }

        switch (format)
        {
            case QueryFormat.Csv:
                QueryOutput.Csv(result, terminal.Out);
                break;
            case QueryFormat.Json:
                QueryOutput.Json(result, terminal.Out);
                break;
            default:
                if (QueryOutput.Table(result, terminal.Out, terminal.Width))
                    terminal.Error.WriteLine("cells are cut to the width of the terminal; --csv, --json and a pipe show them whole");
                break;
        }

        if (result.Truncated)
            terminal.Error.WriteLine($"only the first {limit} rows are shown; --limit N shows more");
        return ExitCode.Ok;
    }
}
