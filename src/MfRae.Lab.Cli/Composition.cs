using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Learning.Numerics;

namespace MfRae.Lab.Cli;

/// <summary>The only place that puts the parts together.</summary>
/// <param name="launcher">Starts workers.</param>
/// <param name="openInput">Standard input, for the worker.</param>
public sealed class Composition(
    Terminal terminal,
    string workingDirectory,
    IWorkerLauncher launcher,
    Func<Stream> openInput,
    StopSignals signals,
    TimeProvider time)
{
    public Terminal Terminal => terminal;

    public string WorkingDirectory => workingDirectory;

    public RunVerb Run(LabPaths places) => new(terminal, places, Loader(places), new ArtifactStore(places.Store), launcher, signals, time);

    public PlanVerb Plan(LabPaths places) => new(terminal, Loader(places), new ArtifactStore(places.Store));

    public ValidateVerb Validate() => new(terminal, workingDirectory);

    public ProfileVerb Profile() => new(terminal, workingDirectory);

    public SchemaVerb Schema() => new(terminal);

    public LsVerb Ls(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store), time);

    public ShowVerb Show(LabPaths places) => new(terminal, places);

    public QueryVerb Query(LabPaths places) => new(terminal, places);

    public ReportVerb Report(LabPaths places) => new(terminal, places);

    public ReportAgainstVerb ReportAgainst(LabPaths places) => new(terminal, places);

    public ServeVerb Serve(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store), signals, time);

    public PublishVerb Publish(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store), GitCommit.Of(workingDirectory));

    public GcVerb Gc(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store), signals, time);

    public EvaluateVerb Evaluate() => new(terminal, signals, time);

    public VerifyVerb Verify(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store), signals, time);

    public DbVerb Db(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store), signals, time);

    public ExportVerb Export(LabPaths places) => new(terminal, places, signals);

    public ExportCapsuleVerb ExportCapsule(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store), signals);

    public ImportVerb Import(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store), signals, time);

    public DiffVerb Diff(LabPaths places) => new(terminal, places);

    public CompareVerb Compare(LabPaths places) => new(terminal, places);

    public HistoryVerb History(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store), time);

    public LogsVerb Logs(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store));

    public TagVerb Tag(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store));

    public NoteVerb Note(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store));

    public ArchiveVerb Archive(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store));

    public RmVerb Rm(LabPaths places) => new(terminal, places, new ArtifactStore(places.Store), time);

    public DoctorVerb Doctor(LabPaths places) => new(
        terminal,
        new MachineCheckup(workingDirectory, TorchCheckup.Run, System.Environment.GetEnvironmentVariable),
        new StoreCheckup(places, new ArtifactStore(places.Store), time));

    public WeightsListVerb WeightsList() => new(terminal, workingDirectory);

    public WeightsInspectVerb WeightsInspect() => new(terminal, workingDirectory);

    public WeightsConvertVerb WeightsConvert() => new(terminal, workingDirectory);

    public WeightsVerifyVerb WeightsVerify() => new(terminal, workingDirectory);

    public WeightsHashVerb WeightsHash() => new(terminal, workingDirectory);

    public WorkerVerb Worker() => new(openInput, time);

    /// <summary>Workers are this program again: by its own executable, or by its assembly where something else hosts it.</summary>
    public static IWorkerLauncher ProcessLauncher()
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, "MfRae.Lab.dll");
        return System.Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "MfRae.Lab"
            ? new WorkerProcessLauncher(self, ["worker"])
            : new WorkerProcessLauncher("dotnet", [assembly, "worker"]);
    }

    private PlanLoader Loader(LabPaths places) => new(terminal, places, signals.Stop);
}
