using MfRae.Lab.Core.Identity;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>The journal of a stage in work, which adds to each measurement the parts of its identity that follow from the stages behind it.</summary>
/// <param name="device">The device of this attempt: cpu, cuda:0, ….</param>
/// <param name="lineage">The complete stages of the store.</param>
internal sealed class IdentifiedJournal(IJournal journal, StageSpec spec, string folder, string device, Lineage lineage) : IJournal
{
    private StageFacts stage = StageFacts.Of(spec.Node, [device]);

    /// <summary>Device classes of the stage and of all computed stages upstream.</summary>
    public string Devices => lineage.Devices(stage);

    public void Write(JournalEvent entry)
    {
        if (entry is ResumedEvent)
        {
            stage = stage with { Devices = [.. Earlier(), device] };
        }

        journal.Write(entry is MeasuredEvent { Measurement: var value } ? new MeasuredEvent(lineage.Complete(value, stage)) : entry);
    }

    public void Flush() => journal.Flush();

    /// <summary>Devices of the attempts that this attempt resumes. An attempt that wrote a checkpoint without resuming starts the list again.</summary>
    private List<string> Earlier()
    {
        var devices = new List<string>();
        foreach (var file in JournalFile.In(folder).Where(file => file.Attempt < spec.Attempt))
        {
            var events = JournalReader.Read(file.Path).Lines.Select(line => line.Event).ToList();
            if (events.Exists(entry => entry is CheckpointEvent) && !events.Exists(entry => entry is ResumedEvent))
            {
                devices.Clear();
            }

            devices.AddRange(events.OfType<StartedEvent>().Select(started => started.Device));
        }

        return devices;
    }
}
