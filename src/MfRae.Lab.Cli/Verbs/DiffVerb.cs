using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Says in what two runs differ: seed, options, stages, and what their measurements are values of.</summary>
public sealed class DiffVerb(Terminal terminal, LabPaths places)
{
    public int Execute(string one, string other, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var rows = Rows(queries.Show(one), queries.Show(other), queries);
        if (json)
        {
            terminal.Out.WriteLine(JsonText.Write(writer =>
            {
                writer.Objects(rows, row =>
                {
                    writer.WriteString("what", row.What);
                    writer.WriteString("name", row.Name);
                    writer.WriteString("one", row.One);
                    writer.WriteString("other", row.Other);
                });
            }));
            return ExitCode.Ok;
        }

        if (rows.Count == 0)
        {
            terminal.Out.WriteLine("the runs do not differ");
            return ExitCode.Ok;
        }

        var table = new TextTable("what", "name", "one", "other");
        foreach (var row in rows)
            table.Add(row.What, PrintableText.Of(row.Name), PrintableText.Of(row.One ?? "–"), PrintableText.Of(row.Other ?? "–"));
        terminal.Text.Write(table);
        return ExitCode.Ok;
    }

    private static List<DiffRow> Rows(RunDetail one, RunDetail other, RunQueries queries)
    {
        var rows = new List<DiffRow>();
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
            .Select(difference => new DiffRow("option", difference.Path, difference.One, difference.Other)));
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

    private static IEnumerable<DiffRow> Identities(string role, StageRecord? one, StageRecord? other)
    {
        var theirs = (other?.Measurements ?? []).GroupBy(measurement => measurement.Key).ToDictionary(group => group.Key, group => group.Last());
        return (one?.Measurements ?? []).DistinctBy(measurement => measurement.Key)
            .Where(measurement => theirs.ContainsKey(measurement.Key))
            .SelectMany(measurement => MeasurementIdentity.Differences(measurement, theirs[measurement.Key])
                .Select(conflict => new DiffRow("identity", $"{role} {measurement.Key} {conflict.Field}", conflict.One, conflict.Other)));
    }

    private static string Options(RunListing run, RunQueries queries) =>
        queries.Options(run.Experiment, run.Arm) ?? throw new LabException(NameResolver.Unreadable(run.Experiment));
}

/// <summary>One thing in which two runs differ.</summary>
/// <param name="What">run, option, stage or identity.</param>
/// <param name="One">Null where the first run has no such thing.</param>
public sealed record DiffRow(string What, string Name, string? One, string? Other);
