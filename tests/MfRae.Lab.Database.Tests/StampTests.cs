using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Tests.Support;
using MfRae.Lab.Database.Writing;

namespace MfRae.Lab.Database.Tests;

/// <summary>The stamp detects changes of an experiment without reading it.</summary>
public sealed class StampTests : IDisposable
{
    private readonly Support.Lab _lab = new();
    private readonly LabDatabase _reader;
    private readonly RunQueries _queries;

    public StampTests()
    {
        _lab.Begin(Plans.Of("one", arms: ["a", "b"]));
        _lab.Begin(Plans.Of("two", arms: ["b", "c"]));
        _reader = LabDatabase.OpenReadOnly(_lab.Path);
        _queries = new RunQueries(_reader);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _lab.Dispose();
    }

    [Fact]
    public void The_stamp_stays_while_the_experiment_does_not_change()
    {
        var (one, version) = (_queries.Stamp("one"), _queries.Version());

        _queries.Version().Should().Be(version);
        _queries.Stamp("one").Should().Be(one);
        _lab.Log.Status(Plans.Training("c", 0), StageStatus.Running);

        _queries.Version().Should().NotBe(version);
        _queries.Stamp("one").Should().Be(one, "only the other experiment has this stage");
        _queries.Stamp("none").Should().BeNull();
    }

    [Fact]
    public void The_stamp_changes_with_every_change_of_the_experiment()
    {
        var training = Plans.Training("b", 0);
        var stamps = new List<string?> { _queries.Stamp("one") };

        After(() => _lab.Log.Status(training, StageStatus.Running));
        After(() => _lab.Tell(training, 1, new StartedEvent(1, "h", 1, "b", "cpu", 1)));
        After(() => _lab.Tell(training, 1, new StartedEvent(1, "h", 1, "b", "cpu", 1), new CheckpointEvent(1)));
        After(() => _lab.Tell(training, 2, new StartedEvent(2, "h", 1, "b", "cpu", 1), new ResumedEvent(0)));
        After(() => _lab.Log.Status(training, StageStatus.Failed, "one reason"));
        After(() => _lab.Log.Status(training, StageStatus.Failed, "another reason"));
        After(() =>
        {
            using var database = LabDatabase.OpenExisting(_lab.Path);
            new AnnotationWriter(database).Note("experiment", "one", "a note");
        });
        After(() => _lab.Begin(Plans.Of("one", hash: "hash-2", arms: ["b"])));
        After(() => _lab.Begin(Plans.Of("one", hash: "hash-2", arms: ["b"])));

        stamps.Should().OnlyHaveUniqueItems().And.NotContainNulls();

        void After(Action write)
        {
            write();
            stamps.Add(_queries.Stamp("one"));
        }
    }
}
