using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// The contrasts of arms that combine all levels of two or more axes: main effects, each level against the baseline's level as a mean over the
/// levels of the other axes; and interactions of two axes, the differences of these differences.
/// </summary>
public static class FactorialContrasts
{
    /// <summary>The contrasts, main effects first; empty unless the arms with levels form a full grid of at least two axes.</summary>
    public static IReadOnlyList<FactorialContrast> Of(IReadOnlyList<ArmRecord> arms)
    {
        ArmRecord[] grid = [.. arms.Where(arm => arm.Levels is { Count: > 0 })];
        if (grid.Length < 4 || grid[0].Levels!.Count < 2)
        {
            return [];
        }

        string[] names = [.. grid[0].Levels!.Keys];
        if (grid.Any(arm => arm.Levels!.Count != names.Length || !names.All(arm.Levels.ContainsKey)))
        {
            return [];
        }

        var first = grid.FirstOrDefault(arm => arm.Baseline) ?? grid[0];
        Axis[] axes = [.. names.Select(name => new Axis(
            name,
            first.Levels![name],
            [.. grid.Select(arm => arm.Levels![name]).Distinct().Where(level => level != first.Levels[name])]))];
        var cells = grid.Select(arm => string.Join('\n', names.Select(name => arm.Levels![name]))).Distinct().Count();
        if (cells != grid.Length || axes.Aggregate(1L, (size, axis) => size * (axis.Others.Count + 1)) != grid.Length)
        {
            return [];
        }

        return [.. axes.SelectMany(axis => Main(axis, grid)), .. Interactions(axes, grid)];
    }

    private static IEnumerable<FactorialContrast> Main(Axis axis, ArmRecord[] grid) => axis.Others.Select(level => new FactorialContrast(
        Weigh(
            $"{axis.Label}: {level} − {axis.First}",
            grid,
            arm => (double)Sign(arm, axis, level) / grid.Count(other => other.Levels![axis.Name] == level)),
        [axis.Name],
        [level]));

    private static IEnumerable<FactorialContrast> Interactions(Axis[] axes, ArmRecord[] grid) =>
        from a in axes.Index()
        from b in axes.Index()
        where a.Index < b.Index
        from one in a.Item.Others
        from other in b.Item.Others
        let size = grid.Count(arm => arm.Levels![a.Item.Name] == one && arm.Levels[b.Item.Name] == other)
        select new FactorialContrast(
            Weigh(
                $"{a.Item.Label} × {b.Item.Label}: ({one} − {a.Item.First}) at {other} − ({one} − {a.Item.First}) at {b.Item.First}",
                grid,
                arm => (double)Sign(arm, a.Item, one) * Sign(arm, b.Item, other) / size),
            [a.Item.Name, b.Item.Name],
            [one, other]);

    private static int Sign(ArmRecord arm, Axis axis, string level) =>
        arm.Levels![axis.Name] == level ? 1 : arm.Levels[axis.Name] == axis.First ? -1 : 0;

    private static Contrast Weigh(string name, ArmRecord[] grid, Func<ArmRecord, double> weight) => new(
        name,
        grid.Select(arm => (arm.Name, Weight: weight(arm))).Where(arm => arm.Weight != 0).ToDictionary(arm => arm.Name, arm => arm.Weight));

    private sealed record Axis(string Name, string First, IReadOnlyList<string> Others)
    {
        /// <summary>The last part of an option's path: `lambda` for `meanflow.lambda`.</summary>
        public string Label => Name.Split('.') is [.., var owner, "kind"] ? owner : Name[(Name.LastIndexOf('.') + 1)..];
    }
}

/// <summary>A contrast of a grid of arms.</summary>
/// <param name="Axes">One axis for a main effect, two for an interaction.</param>
/// <param name="Levels">The levels that are compared with those of the baseline.</param>
public sealed record FactorialContrast(Contrast Contrast, IReadOnlyList<string> Axes, IReadOnlyList<string> Levels)
{
    /// <summary>Whether it is a main effect, which can be better or worse; an interaction is higher or lower.</summary>
    public bool IsMain => Axes.Count == 1;
}
