using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Tracking.Tests.Support;

namespace MfRae.Lab.Tracking.Tests;

/// <summary>Whether an experiment may have changed can be asked without reading it.</summary>
public sealed class StampTests : IDisposable
{
    private readonly Support.Lab lab = new();
    private readonly LabDatabase reader;
    private readonly RunQueries queries;

    public StampTests()
    {
        lab.Begin(Plans.Of("one", arms: ["a", "b"]));
        lab.Begin(Plans.Of("two", arms: ["b", "c"]));
        reader = LabDatabase.OpenReadOnly(lab.Path);
        queries = new RunQueries(reader);
    }

    public void Dispose()
    {
        reader.Dispose();
        lab.Dispose();
    }

    [Fact]
    public void It_stays_where_nothing_of_the_experiment_changes()
    {
        var (one, version) = (queries.Stamp("one"), queries.Version());

        queries.Version().Should().Be(version);
        queries.Stamp("one").Should().Be(one);
        lab.Log.Status(Plans.Training("c", 0), StageStatus.Running);

        queries.Version().Should().NotBe(version);
        queries.Stamp("one").Should().Be(one, "only the other experiment has this stage");
        queries.Stamp("none").Should().BeNull();
    }

    [Fact]
    public void It_changes_with_whatever_is_written_of_the_experiment()
    {
        var training = Plans.Training("b", 0);
        var stamps = new List<string?> { queries.Stamp("one") };

        After(() => lab.Log.Status(training, StageStatus.Running));
        After(() => lab.Tell(training, 1, new StartedEvent(1, "h", 1, "b", "cpu", 1)));
        After(() => lab.Tell(training, 1, new StartedEvent(1, "h", 1, "b", "cpu", 1), new CheckpointEvent(1)));
        After(() => lab.Tell(training, 2, new StartedEvent(2, "h", 1, "b", "cpu", 1), new ResumedEvent(0)));
        After(() => lab.Log.Status(training, StageStatus.Failed, "one reason"));
        After(() => lab.Log.Status(training, StageStatus.Failed, "another reason"));
        After(() =>
        {
            using var database = LabDatabase.OpenExisting(lab.Path);
            new MarkLog(database).Note("experiment", "one", "a note");
        });
        After(() => lab.Begin(Plans.Of("one", hash: "hash-2", arms: ["b"])));
        After(() => lab.Begin(Plans.Of("one", hash: "hash-2", arms: ["b"])));

        stamps.Should().OnlyHaveUniqueItems().And.NotContainNulls();

        void After(Action write)
        {
            write();
            stamps.Add(queries.Stamp("one"));
        }
    }
}
