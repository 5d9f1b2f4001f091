namespace MfRae.Lab.Core.Tracking;

/// <summary>What arms are called where people read: by their titles, where the experiment gives them.</summary>
public static class ArmTitles
{
    /// <summary>Name of each arm → what it is called. Different arms are called differently, wherever the titles came from.</summary>
    public static IReadOnlyDictionary<string, string> Of(ExperimentRecord record)
    {
        var plain = record.Arms.Select(arm => arm.Title ?? arm.Name).ToArray();
        var called = record.Arms.Select(arm =>
            arm.Title is { } title ? plain.Count(other => other == title) > 1 ? $"{title} ({arm.Name})" : title : arm.Name).ToArray();
        var unique = called.Distinct().Count() == called.Length;
        return record.Arms.Zip(called).ToDictionary(pair => pair.First.Name, pair => unique ? pair.Second : pair.First.Name);
    }

    /// <summary>
    /// The record with titles in place of names, for a page or a table that is made from it: each arm then has its name as its title. A
    /// record without titles stays as it is.
    /// </summary>
    public static ExperimentRecord Apply(ExperimentRecord record)
    {
        if (record.Arms.All(arm => arm.Title is null))
        {
            return record;
        }

        var called = Of(record);
        return record with
        {
            Arms = [.. record.Arms.Select(arm => arm with { Name = called[arm.Name], Title = arm.Title is null ? null : arm.Name })],
            Runs = [.. record.Runs.Select(run => run with { Arm = called.GetValueOrDefault(run.Arm, run.Arm) })],
        };
    }
}
