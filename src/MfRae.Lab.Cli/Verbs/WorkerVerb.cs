using System.CommandLine;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Learning.Ranks;
using MfRae.Lab.Learning.Stages;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`worker`, hidden: computes one stage. The coordinator starts it and holds the other end of standard input.</summary>
internal static class WorkerVerb
{
    public static Command Create(LabContext lab)
    {
        var folder = new Argument<string>("FOLDER");
        var command = new Command("worker", "Compute one stage") { folder };
        command.Hidden = true;
        command.SetAction(parsed => Execute(lab, parsed.GetRequiredValue(folder)));
        return command;
    }

    /// <summary>`try-lock`, hidden: the second process of `doctor`'s check of locks.</summary>
    public static Command CreateTryLock()
    {
        var file = new Argument<string>("FILE");
        var command = new Command(LockCheck.Verb, "Try to lock a file") { file };
        command.Hidden = true;
        command.SetAction(parsed => LockCheck.CanTake(parsed.GetRequiredValue(file)) ? 0 : 1);
        return command;
    }

    private static int Execute(LabContext lab, string folder)
    {
        var settings = StageSpecFile.Read(folder).Settings;
        var device = WorkerNumerics.Prepare(WorkerRanks.DeviceOf(settings), settings.Threads);
        var ranks = WorkerRanks.Connect(settings, device);
        IStage Create(StageDefinition definition) => StageFactory.Create(definition, ranks);
        var code = ranks.Rank == 0
            ? Compute(lab, folder, Create, device, settings.Threads)
            : RankWorker.Run(folder, Create, ranks.Rank, device, Console.Error, lab.Time);
        // After a failure of one rank, the others would wait for it for ever. Its exit without a farewell ends them.
        if (code == WorkerExit.Completed)
            ranks.Dispose();
        return code;
    }

    private static int Compute(LabContext lab, string folder, Func<StageDefinition, IStage> create, string device, int threads)
    {
        using var signals = new WorkerSignals();
        using var input = lab.OpenInput();
        return Worker.Run(folder, create, device, threads, input, lab.Time, signals.Stop);
    }
}
