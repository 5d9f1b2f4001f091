using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Stages;

internal sealed class StagesSection : ISection
{
    public string Name => "Stages";

    public string Title => "Stages";

    public object Model(ReportData data)
    {
        var stages = data.Record.Stages;
        var users = data.Record.Runs
            .SelectMany(run => run.Stages.Values.Distinct())
            .GroupBy(key => key)
            .ToDictionary(group => group.Key, group => group.Count());
        var unshared = users.Values.Sum();
        return new
        {
            Summary = $"{Numbers.Plural(data.Record.Runs.Count, "run")} {(data.Record.Runs.Count == 1 ? "needs" : "need")} {Numbers.Plural(unshared, "stage")}. "
                + $"Identical stages are computed once, which leaves {Numbers.Count(stages.Count)}.",
            Times = $"Total: {Numbers.Duration(stages.Sum(Wall))} of wall time and {Numbers.Duration(stages.Sum(Cpu))} of CPU time.",
            Graph = new Graph("Stages by kind", Nodes(data)).Draw(),
            Rows = stages.Select(stage => Row(stage, users.GetValueOrDefault(stage.Key))),
            Sql = data.Sql.Stages,
        };
    }

    private static object Row(StageRecord stage, int runs) => new
    {
        stage.Label,
        stage.Kind,
        stage.Key,
        Runs = Numbers.Count(runs),
        Attempts = Numbers.Count(stage.Attempts.Count),
        Wall = Numbers.Seconds(Wall(stage)),
        Cpu = Numbers.Seconds(Cpu(stage)),
        Peak = Numbers.Megabytes(stage.Attempts.Select(attempt => attempt.PeakBytes).DefaultIfEmpty(0).Max()),
        Status = Badge.OfStatus(stage.Status),
        Reason = stage.Reason ?? "",
    };

    private static GraphNode[] Nodes(ReportData data)
    {
        var kinds = data.Record.Stages.GroupBy(stage => stage.Kind).ToArray();
        return
        [
            .. from kind in kinds
               let inputs = kind.SelectMany(stage => stage.Inputs.Values).Where(data.Stages.ContainsKey).Select(
                   key => data.Stages[key].Kind)
               select new GraphNode(
                   kind.Key,
                   $"{Numbers.Count(kind.Count())} × {Numbers.Duration(kind.Average(Cpu))}",
                   kind.Any(stage => AttemptStatus.IsFailure(stage.Status)),
                   [.. inputs.Distinct().Where(input => input != kind.Key).Order(StringComparer.Ordinal)]),
        ];
    }

    private static double Wall(StageRecord stage) => stage.Attempts.Sum(attempt => attempt.WallSeconds);

    private static double Cpu(StageRecord stage) => stage.Attempts.Sum(attempt => attempt.CpuSeconds);
}
