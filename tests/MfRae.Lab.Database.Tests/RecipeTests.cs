using System.Diagnostics;
using System.Text.RegularExpressions;
using MfRae.Lab.Database.Export;
using MfRae.Lab.Database.Tests.Export;
using MfRae.Lab.Database.Tests.Support;

namespace MfRae.Lab.Database.Tests;

/// <summary>The recipes of docs/python.md and docs/exchange.md run, on a database with the arms that they ask for.</summary>
public sealed partial class RecipeTests : IDisposable
{
    private readonly Support.Lab _lab = new();

    public RecipeTests() => Ablation.Fill(_lab, "ablation-lambda");

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void The_recipes_for_Python_alone_run()
    {
        var python = Requires.Python("sqlite3");

        var output = Run(python, Document("python.md").Split("## With pandas")[0]);

        output.Should().MatchRegex(@"lambda=0,derivative=centralDifference +21\.00 ± 1\.00   n = 3 of 3")
            .And.Contain("lambda=1,derivative=jvp mean 12.0 of [12.0, 12.0, 12.0]")
            .And.Contain("meanflow.lambda lambda=1,derivative=jvp 1");
        File.Exists(Path.Combine(_lab.Folder, "sheet-0.png")).Should().BeTrue();
    }

    [Fact]
    public void The_recipes_for_pandas_run()
    {
        var python = Requires.Python("pandas");
        Export(ExportFormat.Csv);

        var output = Run(python, Document("python.md"));

        output.Should().MatchRegex(@"lambda=0,derivative=jvp +0 +jvp +22\.0 +1\.0 +3 +0\.30 +150\.0")
            .And.MatchRegex(@"20 +3\.0 +4\.0 +5\.0 +6\.0").And.MatchRegex(@"fid@1 +21\.0 +3");
    }

    [Fact]
    public void The_recipes_for_DuckDB_run()
    {
        Export(ExportFormat.Parquet);

        var answers = Blocks(Document("exchange.md"), "sql").Select(sql => DuckDb.Query(sql.Replace("'out", $"'{_lab.Folder}/out")).Rows).ToList();

        answers.Should().HaveCount(4);
        answers[0][0].Should().Equal("lambda=0,derivative=centralDifference", 1e-4, 21.0, 1.0, 3L);
        answers[1].Select(row => (row[1], row[2])).Should().Equal(("0", "centralDifference"), ("0", "jvp"), ("1", "centralDifference"), ("1", "jvp"));
        answers[2][0].Should().Equal("lambda=0,derivative=centralDifference", 0L, 2.0, 2.5);
        answers[3].Select(row => row[2]).Should().Equal(21.0, 22.0, 31.0, 33.0);
    }

    private void Export(ExportFormat format)
    {
        using var database = LabDatabase.OpenReadOnly(_lab.Path);
        new ExperimentExport(database).Write("ablation-lambda", Path.Combine(_lab.Folder, "out"), [format]);
    }

    private string Run(string python, string document)
    {
        File.WriteAllText(Path.Combine(_lab.Folder, "recipes.py"), string.Concat(Blocks(document, "python")));
        var start = new ProcessStartInfo(python)
        {
            ArgumentList = { "recipes.py" },
            WorkingDirectory = _lab.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PYTHONIOENCODING"] = "utf-8" },
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.Should().Be(0, error.Result);
        return output;
    }

    private static string Document(string name) => File.ReadAllText(Path.Combine(Repository.Root, "docs", name)).ReplaceLineEndings("\n");

    private static List<string> Blocks(string document, string language) =>
        [.. Fences().Matches(document).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value)];

    [GeneratedRegex("^```([a-z]+)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();
}
