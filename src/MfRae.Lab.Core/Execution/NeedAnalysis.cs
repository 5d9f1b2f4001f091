namespace MfRae.Lab.Core.Execution;

/// <summary>Decides what a run computes: an incomplete stage runs if it is an end of the plan or something that runs uses it.</summary>
internal static class NeedAnalysis
{
    public static Dictionary<string, Need> Of(RunGraph graph, IReadOnlyDictionary<string, Finding> findings)
    {
        var needs = new Dictionary<string, Need>();
        foreach (var stage in graph.Stages)
        {
            needs[stage.Key] = findings[stage.Key].Found switch
            {
                Found.Complete => Need.Cached,
                Found.Diverged => Need.Diverged,
                _ when stage.Inputs.Values.Any(input => needs[input] is Need.Diverged or Need.Blocked) => Need.Blocked,
                _ => Need.Run,
            };
        }

        foreach (var stage in graph.Stages.Reverse().Where(stage => needs[stage.Key] == Need.Run))
        {
            var users = graph.Users(stage.Key).Select(user => needs[user.Key]).ToList();
            if (users.Count > 0 && !users.Contains(Need.Run))
            {
                needs[stage.Key] = users.Any(user => user is Need.Cached or Need.Past or Need.Diverged) ? Need.Past : Need.Unneeded;
            }
        }

        return needs;
    }
}
