using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Core.Planning;

/// <summary>
/// Predicts the time of stages from earlier attempts on the same machine: the median time of the same computation, under any seed, or else the
/// median time for a unit of work (<see cref="StageDefinition.Work"/>) of stages of the same kind that have the same network, if they have one. Of many
/// attempts the latest count.
/// </summary>
public sealed class StageTimes
{
    private const int Latest = 9;

    private readonly Dictionary<string, List<StageTime>> _ofComputation = [];
    private readonly Dictionary<string, List<StageTime>> _ofForm = [];
    private readonly Dictionary<string, List<StageTime>> _ofKind = [];
    private StageTime _total = new(0, 0);
    private double _work;

    /// <summary>The number of attempts that predictions are made from.</summary>
    public int Count { get; private set; }

    /// <summary>Adds an attempt that computed a stage from its beginning to its end.</summary>
    public void Add(StageDefinition definition, StageTime time)
    {
        Count++;
        _total = new(_total.WallSeconds + time.WallSeconds, _total.CpuSeconds + time.CpuSeconds);
        _work += definition.Work();
        Append(_ofComputation, Text(definition), time);
        var rate = time.Times(1.0 / definition.Work());
        Append(_ofForm, Form(definition), rate);
        Append(_ofKind, Kind(definition), rate);
    }

    /// <summary>The predicted time, or null without an earlier stage of the kind and network.</summary>
    public StageTime? Of(StageDefinition definition) =>
        Median(_ofComputation.GetValueOrDefault(Text(definition))) ?? Median(_ofForm.GetValueOrDefault(Form(definition)))?.Times(definition.Work());

    /// <summary>
    /// The predicted time; without an earlier stage of the kind and network, a rough guess from stages with other networks, else from stages of all
    /// kinds; null without any.
    /// </summary>
    public StageTime? Guess(StageDefinition definition) =>
        Of(definition) ?? (Median(_ofKind.GetValueOrDefault(Kind(definition))) is { } rate ? rate.Times(definition.Work())
            : Count > 0 ? _total.Times(definition.Work() / _work) : null);

    private static string Text(StageDefinition definition) => JsonSerializer.Serialize(definition, LabJson.Default.StageDefinition);

    private static string Kind(StageDefinition definition) => definition.GetType().Name;

    /// <summary>The kind, and the sizes of the network if the options of the stage have them: a unit of work of a larger network takes longer.</summary>
    private static string Form(StageDefinition definition)
    {
        var networks =
            from part in JsonSerializer.SerializeToNode(definition, LabJson.Default.StageDefinition)!.AsObject()
            where part.Value is JsonObject
            select part.Value["network"]?.ToJsonString();
        return string.Join(' ', networks.Prepend(Kind(definition)));
    }

    private static void Append(Dictionary<string, List<StageTime>> to, string key, StageTime time)
    {
        if (!to.TryGetValue(key, out var times))
        {
            to[key] = times = [];
        }

        times.Add(time);
        if (times.Count > Latest)
        {
            times.RemoveAt(0);
        }
    }

    private static StageTime? Median(List<StageTime>? times) => times is null
        ? null
        : new(Median([.. times.Select(time => time.WallSeconds).Order()]), Median([.. times.Select(time => time.CpuSeconds).Order()]));

    private static double Median(double[] sorted) => (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}

/// <summary>The time of a stage.</summary>
/// <param name="WallSeconds">Wall-clock time.</param>
/// <param name="CpuSeconds">Processor time.</param>
public readonly record struct StageTime(double WallSeconds, double CpuSeconds)
{
    /// <summary>The time multiplied by a factor.</summary>
    public StageTime Times(double factor) => new(WallSeconds * factor, CpuSeconds * factor);
}
