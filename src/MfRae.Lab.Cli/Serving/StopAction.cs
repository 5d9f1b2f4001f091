using MfRae.Lab.Core.Execution;

namespace MfRae.Lab.Cli.Serving;

/// <summary>Asks whoever runs an experiment to stop after a checkpoint, as a first Ctrl-C does.</summary>
/// <param name="interrupt">Sends the signal; false where the process has ended.</param>
internal sealed class StopAction(ArtifactStore store, Func<ProcessIdentity, bool> interrupt)
{
    // A second signal would kill what writes its checkpoint.
    private readonly HashSet<ProcessIdentity> asked = [];
    private readonly Lock gate = new();

    /// <summary>Whether a process of this host runs the experiment that was not asked to stop yet.</summary>
    public bool IsPossible(string experiment)
    {
        if (!ProcessSignal.IsPossible)
            return false;
        var owners = StageLeases.Coordinators(store, experiment);
        lock (gate)
        {
            return owners.Any(owner => !asked.Contains(owner));
        }
    }

    public HttpResponse Stop(string experiment)
    {
        var owners = StageLeases.Coordinators(store, experiment);
        lock (gate)
        {
            var fresh = owners.Where(owner => !asked.Contains(owner)).ToList();
            var sent = fresh.Where(interrupt).ToList();
            asked.UnionWith(sent);
            return sent.Count > 0 ? HttpResponse.Text(200, $"stopping after a checkpoint: {string.Join(", ", sent)}")
                : fresh.Count < owners.Count ? HttpResponse.Text(409, "it was asked to stop before")
                : HttpResponse.Text(409, "no process of this machine runs it now");
        }
    }
}
