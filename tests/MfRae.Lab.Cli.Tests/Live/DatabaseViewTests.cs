using MfRae.Lab.Cli.Live;
using MfRae.Lab.Cli.Tests.Chaos;
using MfRae.Lab.Cli.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace MfRae.Lab.Cli.Tests.Live;

public sealed class DatabaseViewTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void An_idle_database_is_closed_and_the_next_query_opens_the_current_file()
    {
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        var time = new FakeTimeProvider(Plans.Start);
        using var view = new DatabaseView(_lab.At("data/lab.db"), time);
        var version = view.Version();
        view.Version().Should().Be(version);

        time.Advance(TimeSpan.FromSeconds(6));
        view.CloseIfIdle();
        _lab.Run("db", "rebuild").Code.Should().Be(ExitCode.Ok);
        _lab.Run("note", "smoke", "written to the new file").Code.Should().Be(ExitCode.Ok);

        view.Version().Should().NotBe(version);
        view.Read(queries => queries.Annotations()).Notes.Should().ContainSingle();
    }

    // Windows does not allow an open file to be replaced.
    [Fact]
    public void A_replaced_file_is_noticed_after_the_maximum_age()
    {
        Requires.Linux("signals and /proc");
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        var time = new FakeTimeProvider(Plans.Start);
        using var view = new DatabaseView(_lab.At("data/lab.db"), time);
        _lab.Run("note", "smoke", "written to the old file").Code.Should().Be(ExitCode.Ok);
        view.Read(queries => queries.Annotations()).Notes.Should().ContainSingle();
        _lab.Run("db", "backup", "copy.db").Code.Should().Be(ExitCode.Ok);
        _lab.Run("note", "smoke", "", "--db", "copy.db").Code.Should().Be(ExitCode.Ok);

        foreach (var side in new[] { "-wal", "-shm" })
            File.Delete(_lab.At("data/lab.db" + side));
        File.Move(_lab.At("copy.db"), _lab.At("data/lab.db"), overwrite: true);
        time.Advance(TimeSpan.FromSeconds(31));

        view.Read(queries => queries.Annotations()).Notes.Should().BeEmpty();
    }
}
