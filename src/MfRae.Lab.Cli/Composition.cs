using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core.Execution;
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

    public RunVerb Run(Places places) => new(terminal, places, Loader(places), new ArtifactStore(places.Store), launcher, signals, time);

    public PlanVerb Plan(Places places) => new(terminal, Loader(places), new ArtifactStore(places.Store));

    public ValidateVerb Validate() => new(terminal, workingDirectory);

    public ProfileVerb Profile() => new(terminal, workingDirectory);

    public SchemaVerb Schema() => new(terminal);

    public LsVerb Ls(Places places) => new(terminal, places, new ArtifactStore(places.Store), time);

    public ShowVerb Show(Places places) => new(terminal, places);

    public QueryVerb Query(Places places) => new(terminal, places);

    public ReportVerb Report(Places places) => new(terminal, places);

    public ReportAgainstVerb ReportAgainst(Places places) => new(terminal, places);

    public ServeVerb Serve(Places places) => new(terminal, places, new ArtifactStore(places.Store), signals, time);

    public PublishVerb Publish(Places places) => new(terminal, places, new ArtifactStore(places.Store), GitCommit.Of(workingDirectory));

    public GcVerb Gc(Places places) => new(terminal, places, new ArtifactStore(places.Store), signals, time);

    public EvaluateVerb Evaluate() => new(terminal, signals, time);

    public VerifyVerb Verify(Places places) => new(terminal, places, new ArtifactStore(places.Store), signals, time);

    public DbVerb Db(Places places) => new(terminal, places, new ArtifactStore(places.Store), signals, time);

    public ExportVerb Export(Places places) => new(terminal, places, signals);

    public ExportCapsuleVerb ExportCapsule(Places places) => new(terminal, places, new ArtifactStore(places.Store), signals);

    public ImportVerb Import(Places places) => new(terminal, places, new ArtifactStore(places.Store), signals, time);

    public DiffVerb Diff(Places places) => new(terminal, places);

    public CompareVerb Compare(Places places) => new(terminal, places);

    public HistoryVerb History(Places places) => new(terminal, places, new ArtifactStore(places.Store), time);

    public LogsVerb Logs(Places places) => new(terminal, places, new ArtifactStore(places.Store));

    public TagVerb Tag(Places places) => new(terminal, places, new ArtifactStore(places.Store));

    public NoteVerb Note(Places places) => new(terminal, places, new ArtifactStore(places.Store));

    public ArchiveVerb Archive(Places places) => new(terminal, places, new ArtifactStore(places.Store));

    public RmVerb Rm(Places places) => new(terminal, places, new ArtifactStore(places.Store), time);

    public DoctorVerb Doctor(Places places) => new(
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

    private PlanLoader Loader(Places places) => new(terminal, places, signals.Stop);
}
