using System.CommandLine;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`diff`: lists the differences of two runs in seed, options, stages and the identity of their measurements.</summary>
internal static class DiffVerb
{
    public static Command Create(LabContext lab)
    {
        var (one, other, json) = (CommonOptions.Run(), CommonOptions.Run("OTHER"), CommonOptions.Json());
        var command = new Verb("diff", "List the differences of two runs: options, stages, and how their metrics were measured", "3f2a 91c0")
        {
            one, other, json,
        };
        command.SetAction(parsed => Execute(
            lab.For(parsed), parsed.GetRequiredValue(one), parsed.GetRequiredValue(other), parsed.GetValue(json)));
        return command;
    }

    private static int Execute(LabContext lab, string one, string other, bool json)
    {
        using var database = lab.OpenDatabase();
        var queries = new RunQueries(database);
        var rows = Rows(queries.Show(one), queries.Show(other), queries);
        if (json)
        {
            lab.Terminal.Out.WriteLine(JsonText.Of(rows));
            return ExitCode.Ok;
        }

        if (rows.Count == 0)
        {
            lab.Terminal.Out.WriteLine("the runs do not differ");
            return ExitCode.Ok;
        }

        var table = new TextTable("what", "name", "one", "other");
        foreach (var row in rows)
            table.Add(row.What, PrintableText.Of(row.Name), PrintableText.Of(row.One ?? "–"), PrintableText.Of(row.Other ?? "–"));
        lab.Terminal.Text.Write(table);
        return ExitCode.Ok;
    }

    private static List<Row> Rows(RunDetail one, RunDetail other, RunQueries queries)
    {
        var rows = new List<Row>();
        void Field(string name, string first, string second)
        {
            if (first != second)
                rows.Add(new("run", name, first, second));
        }

        Field("experiment", one.Run.Experiment, other.Run.Experiment);
        Field("arm", one.Run.Arm, other.Run.Arm);
        Field("seed", $"{one.Run.Seed}", $"{other.Run.Seed}");
        Field("status", one.Run.Status, other.Run.Status);
        rows.AddRange(JsonDifference.Of(Options(one.Run, queries), Options(other.Run, queries))
            .Select(difference => new Row("option", difference.Path, difference.One, difference.Other)));
        var first = one.Stages.ToDictionary(stage => stage.Role, stage => stage.Stage);
        var second = other.Stages.ToDictionary(stage => stage.Role, stage => stage.Stage);
        foreach (var role in first.Keys.Union(second.Keys))
        {
            var (mine, theirs) = (first.GetValueOrDefault(role), second.GetValueOrDefault(role));
            if (mine?.Key != theirs?.Key)
                rows.Add(new("stage", role, mine?.Key[..10], theirs?.Key[..10]));
            rows.AddRange(Identities(role, mine, theirs));
        }

        return rows;
    }

    private static IEnumerable<Row> Identities(string role, StageRecord? one, StageRecord? other)
    {
        var theirs = (other?.Measurements ?? []).GroupBy(measurement => measurement.Key).ToDictionary(group => group.Key, group => group.Last());
        return (one?.Measurements ?? []).DistinctBy(measurement => measurement.Key)
            .Where(measurement => theirs.ContainsKey(measurement.Key))
            .SelectMany(measurement => MeasurementIdentity.Differences(measurement, theirs[measurement.Key])
                .Select(conflict => new Row("identity", $"{role} {measurement.Key} {conflict.Field}", conflict.One, conflict.Other)));
    }

    private static string Options(RunListing run, RunQueries queries) =>
        queries.Options(run.Experiment, run.Arm) ?? throw new LabException(NameResolver.Unreadable(run.Experiment));

    /// <summary>One difference.</summary>
    /// <param name="What">run, option, stage or identity.</param>
    /// <param name="One">The value of the first run; null if it has none.</param>
    /// <param name="Other">The value of the second run; null if it has none.</param>
    private sealed record Row(string What, string Name, string? One, string? Other);
}
