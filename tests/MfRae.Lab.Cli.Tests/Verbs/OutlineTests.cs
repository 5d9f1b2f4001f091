using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Reporting;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>What needs no curves and no images does not read them.</summary>
public sealed class OutlineTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Verbs_that_need_names_options_and_measurements_read_neither_images_nor_curves_nor_logs()
    {
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        _lab.Run("experiments/smoke.json", "seeds=1").Code.Should().Be(ExitCode.Ok);
        var other = _lab.Run("query", "select experiment from experiments where experiment <> 'smoke'", "--csv").Out.ReplaceLineEndings("\n").Split('\n')[1];
        var runs = _lab.Run("query", "select run from runs order by experiment, arm", "--csv").Out.ReplaceLineEndings("\n").Split('\n');
        Execute(
            "ALTER TABLE image RENAME COLUMN png TO hidden", "ALTER TABLE series RENAME COLUMN name TO hidden",
            "ALTER TABLE digest RENAME COLUMN buckets TO hidden", "ALTER TABLE point RENAME COLUMN value TO hidden");

        foreach (var command in (string[][])
        [
            ["tag", "smoke", "good"], ["note", "smoke", "text"], ["archive", "smoke"], ["archive", "smoke", "--undo"], ["diff", runs[1], runs[2]],
            ["show", runs[1]], ["logs", runs[1]], ["compare", "smoke", other], ["verify", "smoke"], ["ls"], ["rm", other],
        ])
        {
            var answer = _lab.Run(command);
            answer.Code.Should().Be(ExitCode.Ok, $"{command[0]} reads only the required columns: {answer.Error}");
        }

        File.ReadAllText(_lab.At("reports/index.html")).Should().Contain("good").And.Contain("smoke").And.NotContain(other);
    }

    [Fact]
    public void The_index_made_of_outlines_is_that_of_whole_records()
    {
        using var filled = new FilledLab("");
        using var database = LabDatabase.OpenReadOnly(filled.Database);
        var queries = new RunQueries(database);
        var (whole, outline) = (queries.Experiment(filled.Name)!, queries.Outline(filled.Name)!);

        IndexBuilder.Build([IndexEntry.Of(outline)], []).Should().Be(IndexBuilder.Build([IndexEntry.Of(whole)], []));
        outline.Stages.Should().OnlyContain(stage => stage.Series.Count == 0 && stage.Images.Count == 0)
            .And.HaveCount(whole.Stages.Count);
        outline.Stages.SelectMany(stage => stage.Measurements).Should().Equal(whole.Stages.SelectMany(stage => stage.Measurements));
        queries.Options(filled.Name, whole.Arms[1].Name).Should().Be(whole.Arms[1].OptionsJson);
        queries.Options(filled.Name, "none").Should().BeNull();
    }

    private void Execute(params string[] statements)
    {
        using var connection = new SqliteConnection($"Data Source={_lab.At("data/lab.db")};Pooling=False");
        connection.Open();
        foreach (var statement in statements)
        {
            using var command = connection.CreateCommand();
            command.CommandText = statement;
            command.ExecuteNonQuery();
        }
    }
}
