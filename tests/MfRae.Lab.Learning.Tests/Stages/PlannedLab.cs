using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Stages;
using TorchSharp;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>Runs every stage of an experiment's plan, inputs before users, in one process.</summary>
internal sealed class PlannedLab : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, Journal> _journals = [];
    private Plan? _plan;

    /// <summary>How many more tensors lived after each stage than before it.</summary>
    public Dictionary<string, long> LeftTensors { get; } = [];

    public string At(string path) => _folder.File(path);

    public void Run(string experiment)
    {
        File.WriteAllText(At("experiment.json"), experiment);
        var read = ExperimentReader.Read("experiment.json", [], _folder.Root);
        read.Diagnostics.Should().BeEmpty();
        _plan = Planner.Build(read.Experiment!, FileHash.In(_folder.Root));
        foreach (var node in _plan.Stages)
            Run(node, Folder(node.Key));
    }

    /// <summary>Runs a stage again in a separate folder.</summary>
    public string Again(string arm, string role)
    {
        var node = Node(arm, role);
        Run(node, At("again"));
        return At("again");
    }

    public StageNode Node(string arm, string role)
    {
        var key = _plan!.Runs.First(run => run.Arm == arm).Stages[role];
        return _plan.Stages.Single(stage => stage.Key == key);
    }

    /// <summary>The context of a stage, without running it.</summary>
    public StageContext Context(string arm, string role) => Context(Node(arm, role), At("unused"), new());

    /// <summary>The folder of the stage that plays a role in an arm.</summary>
    public string Folder(string arm, string role) => Folder(Node(arm, role).Key);

    public IReadOnlyList<JournalEvent> Events(string arm, string role) => _journals[Folder(arm, role)].Events;

    public IEnumerable<(string Stage, JournalEvent Event)> AllEvents =>
        _plan!.Stages.SelectMany(stage => _journals[Folder(stage.Key)].Events.Select(entry => (stage.Label, entry)));

    public void Dispose() => _folder.Dispose();

    private string Folder(string key) => At(key[..16]);

    private void Run(StageNode node, string folder)
    {
        Directory.CreateDirectory(folder);
        var journal = _journals[folder] = new Journal();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        StageFactory.Create(node.Definition).Run(Context(node, folder, journal));
        LeftTensors[$"{node.Label} {node.Key[..6]}"] = DisposeScopeManager.Statistics.ThreadTotalLiveCount - before;
    }

    private StageContext Context(StageNode node, string folder, Journal journal)
    {
        var spec = new StageSpec(
            node, node.Inputs.ToDictionary(input => input.Key, input => Folder(input.Value)), _folder.Root, 1,
            new RunSettings(Device: "cpu", Threads: 2, LogEvery: 1));
        return new(spec, folder, journal, TimeProvider.System, CancellationToken.None);
    }

    private sealed class Journal : IJournal
    {
        public List<JournalEvent> Events { get; } = [];

        public void Write(JournalEvent entry) => Events.Add(entry);

        public void Flush()
        {
        }
    }
}
