using System.CommandLine;
using MfRae.Lab.Database;
using MfRae.Lab.Execution.Cluster;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli;

/// <summary>The services that every verb uses: terminal, paths, database, signals, clock and the launcher of workers.</summary>
/// <param name="Terminal">Receives all output.</param>
/// <param name="WorkingDirectory">The folder that relative paths start from.</param>
/// <param name="Launcher">Starts workers.</param>
/// <param name="OpenInput">Opens standard input; only a worker reads it.</param>
/// <param name="Signals">Ctrl-C and SIGTERM.</param>
/// <param name="Time">The clock.</param>
public sealed record LabContext(
    Terminal Terminal,
    string WorkingDirectory,
    IWorkerLauncher Launcher,
    Func<Stream> OpenInput,
    StopSignals Signals,
    TimeProvider Time)
{
    /// <summary>Where the lab keeps its files; the default locations in a context that <see cref="For"/> has not made.</summary>
    public LabPaths Paths { get; private init; } = LabPaths.Of(WorkingDirectory);

    /// <summary>The store at <see cref="Paths"/>.</summary>
    public ArtifactStore Store => new(Paths.Store);

    /// <summary>The scheduler of `--launcher slurm`.</summary>
    public IJobScheduler Scheduler { get; init; } = new SlurmScheduler();

    internal PathOptions PathOptions { get; } = new();

    /// <summary>The context of one command: its paths are those of the command line.</summary>
    public LabContext For(ParseResult parsed) => this with { Paths = PathOptions.Read(parsed, WorkingDirectory) };

    /// <summary>Opens the database for reading.</summary>
    /// <exception cref="Core.LabException">The file does not exist or cannot be read.</exception>
    public LabDatabase OpenDatabase() => LabDatabase.OpenReadOnly(Paths.Database);

    /// <summary>Opens an existing database for changes.</summary>
    /// <exception cref="Core.LabException">The file does not exist or cannot be opened.</exception>
    public LabDatabase OpenDatabaseForChanges() => LabDatabase.OpenExisting(Paths.Database);

    /// <summary>Starts workers as processes of this program: its executable, or `dotnet` with its assembly if another program hosts it.</summary>
    public static IWorkerLauncher ProcessLauncher() => new WorkerProcessLauncher(Words()[0], [.. Words().Skip(1), "worker"]);

    /// <summary>The command of this program: its executable, or `dotnet` with its assembly.</summary>
    internal static IReadOnlyList<string> Words() =>
        System.Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "MfRae.Lab"
            ? [self]
            : ["dotnet", Path.Combine(AppContext.BaseDirectory, "MfRae.Lab.dll")];
}

/// <summary>The global options: where the lab keeps its files.</summary>
internal sealed class PathOptions
{
    public Option<string> Store { get; } = new("--store")
    {
        Description = $"Folder of the stage outputs [default: {LabPaths.DefaultStore}]",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<string> Database { get; } = new("--db")
    {
        Description = $"The results database [default: {LabPaths.DefaultDatabase}]",
        HelpName = "FILE",
        Recursive = true,
    };

    public Option<string> Reports { get; } = new("--reports")
    {
        Description = $"Folder of the HTML reports [default: {LabPaths.DefaultReports}]",
        HelpName = "DIR",
        Recursive = true,
    };

    public LabPaths Read(ParseResult parsed, string workingDirectory) =>
        LabPaths.Of(workingDirectory, parsed.GetValue(Store), parsed.GetValue(Database), parsed.GetValue(Reports));
}
