using Microsoft.Extensions.Time.Testing;
using MfRae.Lab.Cli.Live;
using MfRae.Lab.Cli.Tests.Chaos;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Live;

public sealed class DatabaseViewTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void It_is_let_go_of_when_nobody_asks_and_the_file_that_is_there_then_is_read()
    {
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        var time = new FakeTimeProvider(Plans.Start);
        using var view = new DatabaseView(_lab.At("data/lab.db"), time);
        var version = view.Version();
        view.Version().Should().Be(version);

        time.Advance(TimeSpan.FromSeconds(6));
        view.LetGo();
        _lab.Run("db", "rebuild").Code.Should().Be(ExitCode.Ok);
        _lab.Run("note", "smoke", "written to the new file").Code.Should().Be(ExitCode.Ok);

        view.Version().Should().NotBe(version);
        view.Read(queries => queries.Annotations()).Notes.Should().ContainSingle();
    }

    // Windows does not let a file be replaced that is open.
    [Fact]
    public void Another_file_in_its_place_is_noticed_in_time()
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
