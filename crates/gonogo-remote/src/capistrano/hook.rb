# Comes beside a Capfile (`cap -R`), and has whoever started cap decide: it sits at the
# other end of standard input. What is asked on hosts goes over Capistrano's own
# connections. A line of JSON each way; no line any more means that nobody is there.

require "English"
require "json"
require "shellwords"
require "socket"
require "time"

$stdout.sync = true
$stderr.sync = true

module Gonogo
  # Before each of them it is asked whether it goes on.
  PHASES = %w[starting started updating updated reverting reverted publishing published
              finishing finishing_rollback finished].freeze

  # Whoever decides is not there any more.
  Alone = Class.new(StandardError)

  class << self
    attr_accessor :is_told_to_stop, :failure

    def begin
      input = $stdin.dup
      input.autoclose = false
      @link = UNIXSocket.for_fd(input.fileno)
      $stdin.reopen(File::NULL)
      %w[TERM INT].each { |signal| Signal.trap(signal) { Gonogo.is_told_to_stop = true } }
      wanted = heed({ "at" => "begun", "version" => Capistrano::VERSION, "stages" => stages })
      Rake::Task[wanted["stage"]].enhance { Gonogo.ready }
      PHASES.select { |name| Rake::Task.task_defined?("deploy:#{name}") }.each do |name|
        gate = Rake::Task.define_task("gonogo:before_#{name}") { Gonogo.phase(name) }
        # What others have done before it comes after this.
        Rake::Task["deploy:#{name}"].prerequisites.unshift("^#{gate.name}")
      end
      Rake::Task.define_task("gonogo:run") { invoke(@task) if @task }
      Rake.application.singleton_class.prepend(Failing)
      at_exit { Gonogo.ended($ERROR_INFO) }
    end

    # Says something, and does what it is told until it may go on.
    def heed(what)
      loop do
        told = tell(what)
        raise Alone, "whoever started it is not there any more" if told.nil?

        case told["do"]
        when "go" then return told
        when "stop" then raise told["why"]
        when "quit" then exit(1)
        when "use" then what = { "at" => "used", "servers" => use(told) }
        when "ask" then what = { "at" => "asked", "said" => ask_hosts(told) }
        else raise "`#{told["do"]}` is not known"
        end
      end
    end

    def tell(what)
      @link.puts(JSON.generate(what))
      line = @link.gets
      line && JSON.parse(line)
    rescue SystemCallError, IOError
      nil
    end

    # The stage's configuration is read.
    def ready
      linked = any?(:linked_files) ? linked_files(shared_path).map(&:to_s) : []
      told = heed({ "at" => "ready", "deploy_to" => deploy_path.to_s, "current" => current_path.to_s,
                    "releases" => releases_path.to_s, "linked" => linked, "repository" => plain(fetch(:repo_url)),
                    "servers" => release_roles(:all).map { |server| of(server) } })
      @task = told["task"]
      ENV["ROLLBACK_RELEASE"] = told["rollback_release"]
      return unless told["is_made"]

      # It is there, and serves: it is not made once more beneath those who use it.
      %w[updating updated].each { |name| Rake::Task["deploy:#{name}"].clear }
      set_release_path
      set(:current_revision, fetch(:branch))
    end

    def of(server)
      { "name" => server.hostname.to_s, "port" => server.port, "roles" => server.roles.map(&:to_s) }
    end

    # From here on all is done on these alone, and of that commit.
    def use(told)
      @servers = release_roles(:all)
      if told["servers"]
        @servers = @servers.values_at(*told["servers"])
        env.add_filter(Only.new(@servers))
      end
      if told["sha"]
        at = Time.strptime("#{told["release"]} UTC", "%Y%m%d%H%M%S %Z").utc
        env.define_singleton_method(:timestamp) { at }
        set(:branch, told["sha"])
      end
      @servers = env.filter(@servers)
      @servers.map { |server| of(server) }
    end

    # What a script says on each of them, whatever becomes of it on the others.
    def ask_hosts(told)
      words = [told["script"], "gonogo", *told["words"]].map { |word| Shellwords.escape(word) }
      quietly { @servers.map { |server| Thread.new { asked(server, words) } }.map(&:value) }
    end

    def asked(server, words)
      heard = ""
      on(server) { heard = capture("/bin/sh", "-c", *words) }
      { "said" => plain(heard) }
    rescue StandardError => error
      error = error.cause || error
      { "trouble" => plain(error.message), "kind" => error.class.name }
    end

    # Whatever a host says, as text.
    def plain(text)
      text.to_s.dup.force_encoding("UTF-8").scrub
    end

    # What we ask is none of what Capistrano says.
    def quietly
      output = SSHKit.config.output
      SSHKit.config.output = SSHKit::Formatter::BlackHole.new($stdout)
      yield
    ensure
      SSHKit.config.output = output
    end

    def phase(name)
      heed({ "at" => "phase", "name" => name, "is_told_to_stop" => is_told_to_stop ? true : false,
             "release" => fetch(:release_path).to_s, "revision" => fetch(:current_revision).to_s })
      @publishes ||= name == "publishing"
    rescue Alone
      # What is published is brought to its end, with all that follows it.
      raise unless @publishes
    end

    def ended(error)
      heed({ "at" => "ended", "is_well" => error.nil? || (error.is_a?(SystemExit) && error.success?),
             "failure" => plain(failure) })
    rescue StandardError
      # There is nothing more to be done.
    end
  end

  # Servers that were chosen.
  class Only
    def initialize(servers)
      @servers = servers
    end

    def filter(servers)
      Array(servers).select { |one| @servers.any? { |server| server.matches?(one) } }
    end
  end

  # Keeps why it failed, for those who ask afterwards.
  module Failing
    def exit_because_of_exception(error)
      Gonogo.failure = [error.message, error.cause&.message].compact.join("\n")
      super
    end
  end
end

Gonogo.begin
