using System.Text.RegularExpressions;
using MfRae.Lab.Database.Tests.Support;

namespace MfRae.Lab.Database.Tests;

/// <summary>docs/database.md lists the views and columns, and its examples run.</summary>
public sealed partial class DatabaseDocumentTests : IDisposable
{
    private readonly Support.Lab _lab = new();
    private readonly string _document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "database.md"));

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void The_documentation_lists_exactly_the_views_and_columns_in_order()
    {
        var documented = Sections().ToDictionary(
            section => section.View,
            section => Columns().Matches(section.Text).Select(match => match.Groups[1].Value).ToList());
        var present = _lab.Rows("select name from sqlite_schema where type = 'view'").Select(row => (string)row[0]!)
            .ToDictionary(
                view => view, view => _lab.Rows($"select name from pragma_table_info('{view}')").Select(row => (string)row[0]!).ToList());

        documented.Keys.Should().BeEquivalentTo(present.Keys);
        foreach (var (view, columns) in present)
        {
            documented[view].Should().Equal(columns, $"these are the columns of {view}");
        }
    }

    [Fact]
    public void Every_view_has_an_example_and_every_example_runs()
    {
        _lab.Begin(Plans.Of());
        Sections().Should().OnlyContain(section => Examples().IsMatch(section.Text));
        foreach (Match example in Examples().Matches(_document))
        {
            var act = () => _lab.Queries.Query(example.Groups[1].Value);
            act.Should().NotThrow($"this is an example:\n{example.Groups[1].Value}");
        }
    }

    [Fact]
    public void One_statement_gives_FID_seconds_a_step_and_memory_by_lambda_and_derivative()
    {
        Ablation.Fill(_lab, "ablation-derivative");
        var statement = Examples().Matches(_document).Select(match => match.Groups[1].Value).Single(sql => sql.Contains("meanflow.derivative.kind"));

        _lab.Rows(statement).Select(row => row.Take(7)).Should().BeEquivalentTo(
            Ablation.Arms.Select(arm => new object?[] { arm.Lambda, arm.Derivative, arm.Fid + 1, 1.0, 3L, arm.Seconds, (double)arm.MiB }),
            options => options.WithStrictOrdering());
    }

    [Fact]
    public void All_views_of_values_identify_them_by_the_same_columns()
    {
        string[] identity =
        [
            "metric", "name", "steps", "samples", "guidance", "labels", "extractor", "preprocessing", "reference", "higher_is_better", "device", "noise",
            "setting",
        ];
        foreach (var view in (string[])["arms", "run_values", "evaluations", "version_evaluations"])
        {
            _lab.Rows($"select name from pragma_table_info('{view}')").Select(row => (string)row[0]!).Should().Contain(identity, view);
        }

        _lab.Rows("select name from pragma_table_info('metrics')").Select(row => (string)row[0]!).Should().Contain(["metric", "name"]);
    }

    private IEnumerable<(string View, string Text)> Sections() =>
        Headings().Matches(_document).Select(match => (match.Groups[1].Value, match.Groups[2].Value));

    [GeneratedRegex(@"^### `(\w+)`\n(.*?)(?=^##|\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Headings();

    [GeneratedRegex(@"^\| `(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Columns();

    [GeneratedRegex("^```sql\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Examples();
}
