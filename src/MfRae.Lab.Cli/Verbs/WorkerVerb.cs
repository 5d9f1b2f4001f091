using MfRae.Lab.Core.Execution;
using MfRae.Lab.Learning.Stages;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Computes one stage. Started by the coordinator, which holds the other end of standard input.</summary>
public sealed class WorkerVerb(Func<Stream> openInput, TimeProvider time)
{
    public int Execute(string folder)
    {
        var settings = StageSpecFile.Read(folder).Settings;
        var device = WorkerNumerics.Prepare(settings.Device, settings.Threads);
        using var signals = new WorkerSignals();
        using var input = openInput();
        return Worker.Run(folder, Catalog.Create, device, settings.Threads, input, time, signals.Stop);
    }
}
