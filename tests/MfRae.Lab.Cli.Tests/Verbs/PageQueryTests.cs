using System.Diagnostics;
using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Tests.Chaos;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Reporting;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>The queries that pages show, and the commands that ask them: whatever an experiment is called, they give rows.</summary>
public sealed partial class PageQueryTests
{
    private const string Hostile = "'s \"best\" $HOME `id` \\ !x; -- \\'";

    public static TheoryData<string> Marks => [.. new[] { "", "'s", Hostile }];

    [Theory]
    [MemberData(nameof(Marks))]
    public void Every_query_gives_rows(string mark)
    {
        using var lab = new FilledLab(mark);
        using var database = LabDatabase.OpenReadOnly(lab.Database);
        var queries = Queries(new Sql(lab.Name), lab).ToList();

        queries.Should().HaveCountGreaterThan(12, "these are all that pages can show");
        foreach (var (name, query) in queries)
        {
            new RunQueries(database).Query(query).Rows.Should().NotBeEmpty($"{name} asks\n{query}");
        }
    }

    [Fact]
    public void A_shell_passes_the_query_on_the_page_unchanged()
    {
        Requires.Linux("signals and /proc");
        foreach (var mark in new[] { "", "'s", Hostile, "\n", "“”\u202e", "a  b\t*?[~]{x,y}#&|<>()" })
        {
            using var lab = new FilledLab("");
            foreach (var (_, query) in Queries(new Sql("asked" + mark), lab))
            {
                Shell(ShellCommand.Query(query)).Should().Be(query);
            }
        }
    }

    [Fact]
    public void Every_command_of_a_page_runs_and_gives_rows()
    {
        Requires.Linux("signals and /proc");
        foreach (var mark in new[] { "", Hostile })
        {
            using var lab = new FilledLab(mark);
            var page = Page(lab);
            var commands = Commands(page);
            commands.Should().HaveCountGreaterThan(6).And.HaveSameCount(Folds().Matches(page));
            foreach (var command in commands)
            {
                var answer = lab.Run("query", Shell(command), "--csv");
                answer.Code.Should().Be(ExitCode.Ok, answer.Error);
                answer.Out.Split('\n').Length.Should().BeGreaterThan(2, $"the page shows rows, and these are asked by\n{command}");
            }
        }
    }

    [Fact]
    public void Every_command_on_the_page_of_a_real_run_gives_rows()
    {
        Requires.Linux("signals and /proc");
        using var lab = new LabFolder();
        lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        var commands = Commands(File.ReadAllText(lab.At("reports/smoke.html")));

        commands.Should().HaveCountGreaterThan(4);
        foreach (var command in commands)
        {
            var answer = lab.Run("query", Shell(command), "--csv");
            answer.Code.Should().Be(ExitCode.Ok, answer.Error);
            answer.Out.Split('\n').Length.Should().BeGreaterThan(2, command);
        }
    }

    // All queries, so that new ones are tested too.
    private static IEnumerable<(string Name, string Query)> Queries(Sql sql, FilledLab lab)
    {
        const BindingFlags Own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        foreach (var property in typeof(Sql).GetProperties(Own))
        {
            yield return (property.Name, ((SqlQuery)property.GetValue(sql)!).Text);
        }

        foreach (var method in typeof(Sql).GetMethods(Own).Where(method => !method.IsSpecialName))
        {
            var arguments = method.GetParameters().Select(parameter => Argument(method.Name, parameter.Name!, lab)).ToArray();
            yield return (method.Name, ((SqlQuery)method.Invoke(sql, arguments)!).Text);
        }
    }

    private static object Argument(string query, string name, FilledLab lab) => (query, name) switch
    {
        ("Pairs", "metric") => lab.Metric + "@1",
        (_, "metric") => lab.Metric,
        (_, "kind") => lab.Kind,
        (_, "roles") => new[] { "cmt", "meanflow" },
        _ => throw new InvalidOperationException($"the test has no value for the parameter {name} of {query}"),
    };

    private static string Page(FilledLab lab)
    {
        using var database = LabDatabase.OpenReadOnly(lab.Database);
        var record = new RunQueries(database).Experiment(lab.Name)!;
        // Sections that read a stage's definition need a real one.
        return ReportBuilder.Build(record with
        {
            Runs = [.. record.Runs.Select(run => run with
            {
                Stages = run.Stages.Where(stage => stage.Key is not ("derivativeError" or "snapshots")).ToDictionary(),
            })],
        });
    }

    private static List<string> Commands(string page) => [.. Command().Matches(page).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value))];

    /// <summary>The last word that a shell makes of a command.</summary>
    private static string Shell(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", "dotnet() { [ $# = 4 ] && printf '%s' \"$4\"; }\n" + command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (shell.StandardOutput.ReadToEnd(), shell.StandardError.ReadToEnd());
        shell.WaitForExit();
        error.Should().BeEmpty(command);
        shell.ExitCode.Should().Be(0, command);
        return output;
    }

    [GeneratedRegex("<pre class=\"command\"><code>(.*?)</code></pre>", RegexOptions.Singleline)]
    private static partial Regex Command();

    [GeneratedRegex("<details class=\"sql\">")]
    private static partial Regex Folds();
}
