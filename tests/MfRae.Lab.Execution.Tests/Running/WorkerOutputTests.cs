using System.Text;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Tests.Running;

public sealed class WorkerOutputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lab-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_tail_ends_with_the_last_printed_line()
    {
        Write(string.Concat(Enumerable.Range(1, 30).Select(line => $"line {line}\r\n")));

        WorkerOutput.Tail(_folder, 3)!.Split('\n').Should().Equal(Enumerable.Range(11, 20).Select(line => $"line {line}"));
    }

    [Fact]
    public void Only_complete_lines_at_the_end_of_a_large_file_are_read()
    {
        Write(new string('x', 1_000_000) + "\n" + string.Concat(Enumerable.Repeat(new string('é', 30_000) + "\n", 3)) + "the last");

        var lines = WorkerOutput.Tail(_folder, 3)!.Split('\n');

        lines.Should().HaveCount(2).And.OnlyContain(line => !line.Contains('\uFFFD')).And.EndWith("the last");
        lines[0].Should().HaveLength(1_001).And.EndWith("…");
    }

    [Fact]
    public void Secrets_and_invalid_characters_are_removed()
    {
        Write("login with --token hunter2\nnull \0 character\n");

        WorkerOutput.Tail(_folder, 3).Should().Be("login with --token ***\nnull \uFFFD character");
    }

    [Fact]
    public void Without_output_the_tail_is_null()
    {
        WorkerOutput.Tail(_folder, 3).Should().BeNull("the file does not exist");
        Write("\n\n");
        WorkerOutput.Tail(_folder, 3).Should().BeNull();
        WorkerOutput.Tail(Path.Combine(_folder, "gone"), 3).Should().BeNull();
    }

    private void Write(string text) => File.WriteAllText(Path.Combine(_folder, "worker.3.log"), text, new UTF8Encoding(false));
}
