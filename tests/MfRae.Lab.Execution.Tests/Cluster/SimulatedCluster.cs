using System.Globalization;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Cluster;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using Microsoft.Extensions.Time.Testing;

namespace MfRae.Lab.Execution.Tests.Cluster;

/// <summary>
/// A cluster in simulated time, with its scheduler. Every node has its own clock. Jobs use the real leases and files; their stages take a few
/// ticks. The simulation preempts jobs, loses nodes with and without the processes on them, and stops processes for minutes.
/// </summary>
internal sealed class SimulatedCluster : IJobScheduler
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(10);

    private readonly ArtifactStore _store;
    private readonly Random _random;
    private readonly Node[] _nodes;
    private readonly List<Job> _open = [];
    private readonly Dictionary<string, Job> _jobs = [];
    private readonly Dictionary<string, List<Job>> _arrays = [];
    private readonly List<Process> _processes = [];
    private readonly Dictionary<string, StageNode> _stages;

    public SimulatedCluster(ArtifactStore store, IReadOnlyList<StageNode> stages, int nodes, int seed)
    {
        (_store, _random) = (store, new Random(seed));
        _stages = stages.ToDictionary(stage => stage.Key);
        // Clocks differ by up to ten minutes in both directions.
        _nodes = [.. Enumerable.Range(0, nodes).Select(number => new Node(
            $"node{number}", new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(_random.Next(-600, 600)))))];
    }

    /// <summary>Key → how often the stage was completed.</summary>
    public Dictionary<string, int> Completions { get; } = [];

    /// <summary>What happened, for the report of the test.</summary>
    public SortedDictionary<string, int> Events { get; } = new(StringComparer.Ordinal);

    /// <summary>The number of submitted arrays.</summary>
    public int Calls { get; private set; }

    /// <summary>The number of calls after which the submitter is killed; null: it survives.</summary>
    public int? KillAfter { get; set; }

    public string Submit(string script, string dependencies)
    {
        if (KillAfter is { } limit && Calls >= limit)
        {
            throw new SubmitterKilledException();
        }

        Calls++;
        var number = Calls.ToString(CultureInfo.InvariantCulture);
        var array = JobFolder.Read(Path.ChangeExtension(script, ".json"));
        var comment = File.ReadLines(script).Single(line => line.StartsWith("#SBATCH --comment=", StringComparison.Ordinal)).Split('=')[1];
        _arrays[number] = [];
        foreach (var task in array.Tasks)
        {
            var job = new Job($"{number}_{task.Index}", task, comment, dependencies);
            _arrays[number].Add(job);
            _jobs[job.Id] = job;
            _open.Add(job);
        }

        return number;
    }

    public IReadOnlyList<QueuedJob> Queue() => [.. _open.Select(job => new QueuedJob(job.Id, job.State, "None", job.Comment))];

    public string? State(string job) => _jobs.GetValueOrDefault(job)?.State;

    public bool Requeue(string job) => false;

    public void Cancel(IReadOnlyList<string> jobs)
    {
    }

    /// <summary>Runs until no job is open and no process is left.</summary>
    /// <returns>Whether that happened within a day of the cluster.</returns>
    public bool Run()
    {
        for (var ticks = 0; ticks < 8640; ticks++)
        {
            if (_open.Count == 0 && _processes.Count == 0)
            {
                return true;
            }

            Step();
        }

        return false;
    }

    private void Step()
    {
        foreach (var node in _nodes)
        {
            node.Clock.Advance(Tick);
            node.Down = Math.Max(0, node.Down - 1);
        }

        StartJobs();
        foreach (var process in _processes.ToList())
        {
            Disturb(process);
            Work(process);
        }

        _processes.RemoveAll(process => process.Ended);
        _open.RemoveAll(job => job.State is "COMPLETED" or "FAILED" or "CANCELLED");
    }

    private void StartJobs()
    {
        var free = new Queue<Node>(_nodes.Where(node => node.Down == 0 && node.Job is null));
        foreach (var job in _open.Where(job => job.State == "PENDING"))
        {
            switch (Dependency(job))
            {
                case null:
                    Count("cancelled, because an input failed");
                    job.State = "CANCELLED";
                    break;
                case true when free.TryDequeue(out var node):
                    job.State = "RUNNING";
                    node.Job = job;
                    _processes.Add(new(job, node, _store, ++job.Starts));
                    break;
            }
        }
    }

    /// <returns>Whether the job may start; null if it never can.</returns>
    private bool? Dependency(Job job)
    {
        if (job.Ready)
        {
            return true;
        }

        var ready = true;
        foreach (var part in job.Dependencies.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = part.Split(':');
            var needed = words[0] == JobDependency.AfterCorresponding
                ? [_jobs[$"{words[1]}_{job.Task.Index}"]]
                : words.Skip(1).SelectMany(word => word.Contains('_') ? [_jobs[word]] : _arrays[word]);
            foreach (var other in needed)
            {
                if (words[0] != JobDependency.AfterAny && (other.State is "FAILED" or "CANCELLED"))
                {
                    return null;
                }

                ready &= other.State is "COMPLETED" or "FAILED" or "CANCELLED";
            }
        }

        return job.Ready = ready;
    }

    private void Disturb(Process process)
    {
        var job = process.Job;
        if (process.Node.Job != job || process.Stopped > 0)
        {
            return;
        }

        switch (_random.Next(1000))
        {
            case < 10:
                Count("preempted");
                process.End();
                Release(process, "PENDING");
                break;
            case < 14:
                Count("node lost with its processes");
                process.Die();
                process.Node.Down = 30;
                Release(process, "PENDING");
                break;
            case < 18:
                // The scheduler cannot reach the node and starts the job again elsewhere, but the process works on.
                Count("started twice");
                process.Node.Down = 60;
                Release(process, "PENDING");
                break;
            case < 20:
                Count("stopped for minutes");
                process.Stopped = 12 + _random.Next(12);
                // Half of them are declared lost meanwhile.
                if (_random.Next(2) == 0)
                {
                    process.Node.Down = 60;
                    Release(process, "PENDING");
                }

                break;
        }
    }

    private static void Release(Process process, string state)
    {
        process.Job.State = state;
        process.Node.Job = null;
    }

    private void Work(Process process)
    {
        if (process.Ended || --process.Stopped >= 0)
        {
            return;
        }

        process.Stopped = 0;
        if (process.Next(_stages, _random) is not { } ended)
        {
            return;
        }

        foreach (var key in process.Computed)
        {
            Completions[key] = Completions.GetValueOrDefault(key) + 1;
        }

        process.Computed.Clear();
        if (ended != ProcessEnd.Working)
        {
            process.Ended = true;
            if (ended != ProcessEnd.Succeeded)
            {
                Count(ended == ProcessEnd.Lost ? "lost its lease" : "input missing");
            }

            // The scheduler hears only of processes whose job it has not started elsewhere.
            if (process.Node.Job == process.Job)
            {
                Release(process, ended == ProcessEnd.Succeeded ? "COMPLETED" : "FAILED");
            }
        }
    }

    private void Count(string what) => Events[what] = Events.GetValueOrDefault(what) + 1;

    private enum ProcessEnd
    {
        Working,
        Succeeded,
        Lost,
        InputMissing,
    }

    private sealed record Node(string Name, FakeTimeProvider Clock)
    {
        public int Down { get; set; }

        public Job? Job { get; set; }
    }

    private sealed class Job(string id, JobTask task, string comment, string dependencies)
    {
        public string Id => id;

        public JobTask Task => task;

        public string Comment => comment;

        public string Dependencies => dependencies;

        public string State { get; set; } = "PENDING";

        public bool Ready { get; set; }

        public int Starts { get; set; }
    }

    /// <summary>The process of a job: it leases its stages one after another, and completes them as a worker does.</summary>
    private sealed class Process(Job job, Node node, ArtifactStore store, int start)
    {
        private readonly LeaseWatch _watch = new(store, node.Clock);
        private readonly ProcessIdentity _me = new(node.Name, start, "", job.Id, job.Id);
        private StageLeases? _lease;
        private int _stage;
        private int _left;

        public Job Job => job;

        public Node Node => node;

        public int Stopped { get; set; }

        public bool Ended { get; set; }

        public List<string> Computed { get; } = [];

        /// <summary>Ends after a checkpoint, as after SIGTERM.</summary>
        public void End()
        {
            _lease?.Dispose();
            Ended = true;
        }

        /// <summary>Ends with its node: the lease remains.</summary>
        public void Die() => Ended = true;

        public ProcessEnd? Next(Dictionary<string, StageNode> stages, Random random)
        {
            if (_lease is null)
            {
                while (_stage < job.Task.Keys.Count && store.IsComplete(job.Task.Keys[_stage]))
                {
                    _stage++;
                }

                if (_stage == job.Task.Keys.Count)
                {
                    return ProcessEnd.Succeeded;
                }

                var stage = stages[job.Task.Keys[_stage]];
                if (stage.Inputs.Values.Any(input => !store.IsComplete(input)))
                {
                    return ProcessEnd.InputMissing;
                }

                _lease = StageLeases.TryAcquire(store, [stage], node.Clock, "simulated", _watch, _me);
                _left = 1 + random.Next(6);
                return null;
            }

            var key = job.Task.Keys[_stage];
            if (_lease.Refresh().Count > 0)
            {
                return ProcessEnd.Lost;
            }

            if (--_left > 0)
            {
                return null;
            }

            if (StageLeases.IsTakenByAnotherHost(store, key, _lease.Token))
            {
                return ProcessEnd.Lost;
            }

            if (!store.IsComplete(key))
            {
                Directory.CreateDirectory(store.CompleteFolder(key));
                File.WriteAllText(Path.Combine(store.CompleteFolder(key), ArtifactStore.ManifestName), "");
                Computed.Add(key);
            }

            _lease.Release(key);
            _lease = null;
            return ProcessEnd.Working;
        }
    }
}

/// <summary>The submitter was killed between two calls of the scheduler.</summary>
internal sealed class SubmitterKilledException : Exception;
